#!/usr/bin/env python3
"""Leadkeep with everything on beside the bare axum + async-graphql + sea-orm server, on the same leads, in one run.

    benches/compare.py --backend sqlite|postgres [--leads 1000000] [--rounds 5] [--seconds 4] [--work DIR]

Needs wrk and, for PostgreSQL, its server binaries:  apt-get install wrk postgresql
Servers run on core 0; wrk (and PostgreSQL) on core 1. Rounds take the contenders in shuffled order; the ratio is the
median of the ratios within each round, which is what carries over from a noisy machine. Everything is on 127.0.0.1.
"""
import argparse, glob, json, os, random, re, shutil, sqlite3, statistics, subprocess, sys, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
STAGES = ["New Lead", "Contacted", "Qualified", "Closed Won", "Closed Lost"]
FIELDS = "firstName lastName emails company title stage score dealValue createdAt"
LIST = "query Leads($first:Int!,$after:String,$filter:LeadFilter){leads(first:$first,after:$after,filter:$filter){edges{node{id %s}} pageInfo{hasNextPage hasPreviousPage endCursor}}}" % FIELDS
ONE = "query Lead($id:ID!){lead(id:$id){id %s}}" % FIELDS
UPDATE = "mutation Up($id:ID!,$score:Int!){updateLead(input:{id:$id,values:{score:$score}}){lead{id score updatedAt}}}"
COLUMNS = "id,version,level,compartments,company,industry,country,stage,source,first_name,last_name,title,website,city,owner_id,team_id,tags,reference,emails,phones,deal_value,score,notes,created_at,updated_at,archived"
EMAIL, FIRST_PASSWORD, PASSWORD = "bench@example.com", "staple battery horse correct", "correct horse battery staple"


def letters(number):
    out = ""
    for _ in range(13):
        out = ALPHABET[number & 31] + out
        number >>= 5
    return out


def lead(g, team, owner):
    h = random.Random(g)
    x, y, z = h.getrandbits(28), h.getrandbits(28), h.getrandbits(28)
    made = 1704067200000 + g * 60000
    pick = lambda of, n: of[n % len(of)]
    return ((made - 1577836800000) << 22 | y & 0x3FFFFF, 1, z % 3 + 1, 0, f"Company {y:06x} {pick(['GmbH','Ltd','Inc','SA','BV'], z)}",
        pick(["Manufacturing", "Software", "Retail", "Energy", "Health"], x), pick(["DE", "FR", "US", "GB", "IT", "ES", "PL", "NL"], y), pick(STAGES, z),
        pick(["Web", "Event", "Referral", "Partner"], x), pick(["Anna", "Ben", "Carla", "David", "Elena", "Farid", "Greta", "Hugo"], x),
        pick(["Schmidt", "Okafor", "Garcia", "Nguyen", "Rossi", "Dubois", "Kowalski", "Haddad"], y), pick(["Head of Procurement", "CTO", "Buyer", "Managing Director"], z),
        f"https://company{y:06x}.example", pick(["Berlin", "Paris", "Boston", "London", "Milan", "Madrid"], y), owner, team, None, f"REF-{g}",
        f"lead{g}@{y:06x}.example", f"+4930{x % 10000000:07d}", x % 10000000, x % 101, f"{x:07x} " * 20, made * 1000, made * 1000, 0)


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **more)
    return done.stdout if done.returncode == 0 else sys.exit(f"{' '.join(command)} failed")


class Postgres:
    """A throwaway cluster with fsync on."""
    def __init__(self, work):
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1] if glob.glob("/usr/lib/postgresql/*/bin") else sys.exit("apt-get install postgresql")
        self.dir, self.port = work + "/pg", 54398
        self.su = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        if not os.path.exists(self.dir):
            os.makedirs(self.dir)
            if self.su: shutil.chown(self.dir, "postgres", "postgres")
            run(*self.su, self.bin + "/initdb", "-D", self.dir, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
            with open(self.dir + "/postgresql.conf", "a") as conf:
                conf.write(f"listen_addresses='127.0.0.1'\nport={self.port}\nunix_socket_directories='{self.dir}'\nshared_buffers=2GB\nfsync=on\nsynchronous_commit=on\nmax_wal_size=4GB\njit=off\nrandom_page_cost=1.1\n")
        subprocess.run([*self.su, "taskset", "-c", "1", self.bin + "/pg_ctl", "-D", self.dir, "-w", "-l", self.dir + "/log", "start"], check=True, stdout=subprocess.DEVNULL)
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/leads"
    def psql(self, sql, database="leads", **more):
        return run(self.bin + "/psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-qAtv", "ON_ERROR_STOP=1", "-c", sql, **more)
    def stop(self):
        subprocess.run([*self.su, self.bin + "/pg_ctl", "-D", self.dir, "-m", "fast", "-w", "stop"], stdout=subprocess.DEVNULL)


def settle(binary, home, url):
    """An installation with one person who sees and changes everything of one team, without quotas."""
    env = {**os.environ, "LEADKEEP_DATA": home, **({"DATABASE_URL": url} if url else {})}
    keep = lambda *words, **more: run(binary, *words, env=env, **more)
    keep("init", "--email", "admin@example.com", "--name", "Admin", "--password-stdin", input=PASSWORD)
    keep("person", "add", "--email", EMAIL, "--name", "Bench", "--password-stdin", input=FIRST_PASSWORD)
    server, _ = start([binary, "serve", "--port", "8473"], env, 8473)
    made = post(8473, {"query": 'mutation { addTeam(input: { name: "Sales" }) { team { id } } }'}, sign_in(8473, "admin@example.com"))
    if made.get("errors"): sys.exit(str(made))
    # A password that somebody else has set lets its owner do nothing but change it.
    change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }"
    passwords = {"input": {"currentPassword": FIRST_PASSWORD, "newPassword": PASSWORD}}
    changed = post(8473, {"query": change, "variables": passwords}, sign_in(8473, EMAIL, FIRST_PASSWORD))
    if changed.get("errors"): sys.exit(str(changed))
    server.terminate(); server.wait()
    role = {"name": "bench", "description": "measured", "builtIn": False, "permissions": ["LEAD_READ", "LEAD_UPDATE"],
        "windows": [{"scope": "TEAM", "level": "TRADE_SECRET", "compartments": [], "allCompartments": False, "masked": []}], "quotas": {}}
    with open(home + "/role.json", "w") as file: json.dump(role, file)
    keep("role", "add", home + "/role.json")
    keep("agreement", "require", "bench")  # nothing: what is measured has no one to accept for it
    keep("grant", "add", "--to", EMAIL, "--role", "bench", "--team", "Sales", "--reason", "benchmark", "--approve")


STAGE = "bare_lead_stage"


def index(args, postgres, home):
    """The bare server's table with Leadkeep's indexes (`same`), or with the only one that its list needs (`one`)."""
    keep = None if postgres else sqlite3.connect(home + "/leadkeep.db")
    bare = None if postgres else sqlite3.connect(args.work + "/bare.db")
    if postgres:
        run_ = postgres.psql
        made = run_("select indexdef from pg_indexes where tablename = 'lead' and indexname <> 'lead_pkey'").splitlines()
    else:
        run_ = bare.execute
        made = [sql for sql, in keep.execute("select sql from sqlite_master where type = 'index' and tbl_name = 'lead' and sql is not null")]
    for sql in made:
        name, columns = re.search(r"INDEX (\w+) ON .*?(\(.*\))", sql, re.I).groups()
        wanted = args.bare_indexes == "same" or "bare_" + name == STAGE
        run_(f"create index if not exists bare_{name} on bare_lead {columns}" if wanted else f"drop index if exists bare_{name}")
    if postgres: run_("vacuum analyze bare_lead")
    else: bare.commit(); bare.execute("analyze"); bare.commit(); bare.execute("pragma wal_checkpoint(truncate)")


def fill(args, postgres, home):
    if postgres:
        team = postgres.psql("select item from policy_item where kind = 'team'").strip()
        owner = postgres.psql("select id from person where email = '%s'" % EMAIL).strip()
        path = args.work + "/leads.tsv"
        with open(path, "w") as out:
            for g in range(1, args.leads + 1):
                out.write("\t".join("\\N" if cell is None else str(cell) for cell in lead(g, int(team), int(owner))) + "\n")
        postgres.psql(f"copy lead ({COLUMNS}) from stdin", stdin=open(path))
        postgres.psql("create table bare_lead as select * from lead")
        for sql in ("alter table bare_lead add primary key (id)", "vacuum analyze lead"): postgres.psql(sql)
        return
    keep = sqlite3.connect(home + "/leadkeep.db")
    (team,), = keep.execute("select item from policy_item where kind = 'team'")
    (owner,), = keep.execute("select id from person where email = ?", (EMAIL,))
    keep.execute("pragma synchronous = off")
    bare = sqlite3.connect(args.work + "/bare.db")
    bare.execute("pragma journal_mode = wal")
    bare.execute(keep.execute("select sql from sqlite_master where name = 'lead' and type = 'table'").fetchone()[0].replace("lead (", "bare_lead (", 1))
    for database, table in ((keep, "lead"), (bare, "bare_lead")):
        rows = (lead(g, int(team), owner) for g in range(1, args.leads + 1))
        database.executemany(f"insert into {table} ({COLUMNS}) values ({','.join('?' * 26)})", rows)
        database.commit()
    for database in (keep, bare):
        database.execute("analyze"); database.commit(); database.execute("pragma wal_checkpoint(truncate)"); database.close()


def bodies(args, path, opaque, op):
    """4,000 requests, the same for both but for how an id is written."""
    chance = random.Random(42)
    name = letters if opaque else str
    with open(path, "w") as out:
        for _ in range(4000):
            id = name(lead(chance.randrange(1, args.leads + 1), 0, 0)[0])
            query, variables = {
                "list": (LIST, {"first": 50, "after": id, "filter": {"stage": {"eq": chance.choice(STAGES)}}}),
                "one": (ONE, {"id": id}), "update": (UPDATE, {"id": id, "score": chance.randrange(101)}) }[op]
            out.write(json.dumps({"query": query, "variables": variables}, separators=(",", ":")) + "\n")


def post(port, body, token=None):
    headers = {"content-type": "application/json", **({"authorization": "Bearer " + token} if token else {})}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request, timeout=10))


def sign_in(port, email=EMAIL, password=PASSWORD):
    query = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }"
    return post(port, {"query": query, "variables": {"input": {"email": email, "password": password}}})["data"]["signIn"]["accessToken"]


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    return next(int(line.split()[1]) / 1024 for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def start(command, env, port):
    began = time.perf_counter()
    server = subprocess.Popen(["taskset", "-c", "0", *command], env=env, stdout=subprocess.DEVNULL, stderr=open(f"/tmp/compare-{port}.log", "w"))
    while True:
        try:
            post(port, {"query": "{__typename}"}); break
        except urllib.error.HTTPError: break
        except OSError:
            if server.poll() is not None: sys.exit(f"the server on {port} ended; see /tmp/compare-{port}.log")
            time.sleep(0.001)
    return server, (time.perf_counter() - began) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=["sqlite", "postgres"], required=True)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--ops", default="list,one,update")
    parser.add_argument("--connections", default="8,32")
    parser.add_argument("--bare-indexes", choices=["same", "one"], default="same", help="`same`: on the same database; `one`: only what its list needs")
    parser.add_argument("--built", action="store_true", help="both servers are built already")
    parser.add_argument("--work", default="/tmp/leadkeep-compare")
    args = parser.parse_args()
    target = os.environ.get("CARGO_TARGET_DIR", ROOT + "/target")
    for package in () if args.built else (ROOT, HERE + "/bare"):
        subprocess.run(["cargo", "build", "--release", "--manifest-path", package + "/Cargo.toml", "--target-dir", target], check=True)
    keep, bare = target + "/release/leadkeep", target + "/release/bare"
    args.work += "-" + args.backend
    os.makedirs(args.work, exist_ok=True)
    home = args.work + "/home"
    postgres = Postgres(args.work) if args.backend == "postgres" else None
    url = postgres.url if postgres else None
    ready = args.work + f"/filled-{args.leads}"
    if not os.path.exists(ready):
        shutil.rmtree(home, ignore_errors=True); os.makedirs(home)
        if postgres: postgres.psql("drop database if exists leads", "postgres"); postgres.psql("create database leads", "postgres")
        elif os.path.exists(args.work + "/bare.db"): os.remove(args.work + "/bare.db")
        settle(keep, home, url)
        fill(args, postgres, home)
        open(ready, "w").close()
    index(args, postgres, home)
    env = {**os.environ, "LEADKEEP_DATA": home, "LEADKEEP_LOG_FILTER": "warn", **({"DATABASE_URL": url} if url else {})}
    servers, results = {}, []
    try:
        servers["leadkeep"] = start([keep, "serve", "--port", "8471"], env, 8471)
        servers["bare"] = start([bare], {**os.environ, "LISTEN": "127.0.0.1:8472", "DATABASE_URL": url or f"sqlite://{args.work}/bare.db"}, 8472)
        ports = {"leadkeep": 8471, "bare": 8472}
        print({name: f"start {ms:.0f} ms, idle {resident(server.pid):.0f} MiB" for name, (server, ms) in servers.items()})
        ops, connections = args.ops.split(","), [int(n) for n in args.connections.split(",")]
        for op in ops:
            for name in servers: bodies(args, f"{args.work}/{name}-{op}.jsonl", name == "leadkeep", op)
        def measure(name, op, conns, seconds):
            server = servers[name][0]
            token = sign_in(ports[name]) if name == "leadkeep" else ""
            before = cpu(server.pid)
            out = run("taskset", "-c", "1", "wrk", "-t1", f"-c{conns}", f"-d{seconds}s", "--timeout", "10s", "-s", HERE + "/requests.lua", f"http://127.0.0.1:{ports[name]}",
                env={**os.environ, "BODIES": f"{args.work}/{name}-{op}.jsonl", "TOKEN": token})
            got = json.loads(re.search(r"^JSON (.*)$", out, re.M)[1])
            got.update(name=name, op=op, conns=conns, rate=got["requests"] / got["us"] * 1e6, server_us=(cpu(server.pid) - before) * 1e6 / max(1, got["requests"]))
            return got
        for op in ops:
            for name in servers:
                # A refusal is quick, and no answer.
                answer = post(ports[name], json.loads(open(f"{args.work}/{name}-{op}.jsonl").readline()), sign_in(ports[name]) if name == "leadkeep" else None)
                if answer.get("errors") or None in answer["data"].values(): sys.exit(f"{name} does not answer {op}: {answer}")
                measure(name, op, 8, 2)
        for number in range(args.rounds):
            for op in ops:
                for conns in connections:
                    for name in random.sample(list(servers), len(servers)):
                        results.append({**measure(name, op, conns, args.seconds), "round": number})
    finally:
        for server, _ in servers.values(): server.terminate()
        for server, _ in servers.values(): server.wait()
        if postgres: postgres.stop()
    print(f"\n{args.backend}, {args.leads:,} leads, {args.rounds} rounds of {args.seconds} s; medians\n")
    print("| operation | connections | server | requests/s | ratio | p50 ms | p99 ms | server CPU µs | bytes | errors |\n|---|---|---|---|---|---|---|---|---|---|")
    for op in ops:
        for conns in connections:
            mine = {name: [r for r in results if (r["name"], r["op"], r["conns"]) == (name, op, conns)] for name in servers}
            ratio = statistics.median(a["rate"] / b["rate"] for a, b in zip(mine["leadkeep"], mine["bare"]))
            for name, rows in mine.items():
                mid = lambda key: statistics.median(row[key] for row in rows)
                print(f"| {op} | {conns} | {name} | {mid('rate'):.0f} | {f'{ratio:.2f}' if name == 'leadkeep' else ''} | {mid('p50') / 1000:.2f} | {mid('p99') / 1000:.2f} | {mid('server_us'):.0f} | {sum(r['bytes'] for r in rows) / max(1, sum(r['requests'] for r in rows)):.0f} | {sum(r['errors'] for r in rows)} |")


main()
