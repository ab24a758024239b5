// Runs the GraphQL-over-HTTP audits against a server: node audit.mjs URL [TOKEN]
// Exit 1 if any audit whose name says MUST or SHOULD fails.
import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);
if (!url) {
  console.error('usage: node audit.mjs http://127.0.0.1:8080/graphql [ACCESS_TOKEN]');
  process.exit(2);
}

const authorization = token ? { authorization: `Bearer ${token}` } : {};
const fetchFn = (input, init = {}) => fetch(input, { ...init, headers: { ...init.headers, ...authorization } });

let passed = 0;
const failures = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const result = await audit.fn();
  if (result.status === 'ok') {
    passed += 1;
  } else {
    failures.push({ id: audit.id, name: audit.name, required: /MUST|SHOULD/.test(audit.name), reason: result.reason });
  }
}

for (const { id, name, required, reason } of failures) {
  console.log(`${required ? 'FAILED' : 'note'} ${id} ${name}: ${reason}`);
}
const broken = failures.filter(({ required }) => required).length;
console.log(`${passed} passed, ${broken} failed, ${failures.length - broken} optional ones not met`);
process.exit(broken === 0 ? 0 : 1);
