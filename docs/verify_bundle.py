#!/usr/bin/env python3
"""Checks a Leadkeep bundle: python3 verify_bundle.py FOLDER [ledger.pub]. Needs Python 3.8 and nothing else.

Written apart from Leadkeep, after docs/ledger-format.md. Exit code 0: as it was signed. 3: something is wrong, the first
index is named. The key in the folder is trusted unless another is given: get one from somebody you trust.
"""
import base64, functools, hashlib, json, os, sys

sha256 = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
node = lambda left, right: sha256(b"\1", left, right)
unbase = lambda text: base64.b64decode(text, validate=True)

def check(holds, why):
    if not holds:
        raise ValueError(why)

# Ed25519 (RFC 8032, section 5.1.7), in extended coordinates
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def add(a, b):
    A, B, C, E = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = B - A, E - C, E + C, B + A
    return e * f % P, g * h % P, f * g % P, e * h % P

def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        result = add(result, point) if number & 1 else result
        point, number = add(point, point), number >> 1
    return result

def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    check(y < P and (x * x - square) % P == 0 and not (x == 0 and sign), "not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y

def is_signed(key, message, signature):
    R, s, base = signature[:32], int.from_bytes(signature[32:], "little"), point(b"\x58" + b"\x66" * 31)
    h = int.from_bytes(hashlib.sha512(R + key + message).digest(), "little") % ORDER
    left, right = times(s, base), add(point(R), times(h, point(key)))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0
    return len(signature) == 64 and s < ORDER and same

def open_note(note, key):
    """The log's name, tree size and root, if the log signed the note with the key."""
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    check(len(lines) >= 3 and lines[1] == str(int(lines[1])), "no checkpoint")
    key_id = sha256(lines[0].encode(), b"\n\1", key)[:4]
    for line in signatures.splitlines():
        dash, name, signature = (line.split(" ") + ["", ""])[:3]
        if dash == "\u2014" and name == lines[0] and unbase(signature)[:4] == key_id:
            check(is_signed(key, (text + "\n").encode(), unbase(signature)[4:]), "the checkpoint's signature does not hold")
            return lines[0], int(lines[1]), unbase(lines[2])
    raise ValueError("the checkpoint is not signed by the key")

class Tree:
    """RFC 6962, section 2.1: the roots of the perfect subtrees, the largest first."""
    def __init__(self, size, roots):
        check(len(roots) == bin(size).count("1"), "leftEdge does not fit from")
        self.size, self.roots = size, roots

    def push(self, leaf):
        full, self.size = self.size, self.size + 1
        while full & 1:
            leaf, full = node(self.roots.pop(), leaf), full >> 1
        self.roots.append(leaf)

    def root(self):
        return functools.reduce(lambda right, left: node(left, right), reversed(self.roots)) if self.roots else sha256()

def is_consistent(first, first_root, second, second_root, proof):
    """RFC 9162, section 2.1.4.2."""
    if first == 0 or first == second:
        return not proof and (first == 0 or first_root == second_root)
    proof = [first_root] + proof if first & first - 1 == 0 else proof
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0] if len(proof) else b""
    for hash in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(hash, fr), node(hash, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, hash)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root

def place(body):
    """Epoch (13 letters), number in it and leaf before: the keys 1, 2 and 3 of a record's CBOR map."""
    at = 2 if body[0] == 0xb8 else 1

    def number():
        nonlocal at
        small = body[at] & 31
        size = 0 if small < 24 else 1 << small - 24
        at += 1 + size
        return int.from_bytes(body[at - size:at], "big") if size else small
    _, _, one, epoch, two, rseq, three, length = [number() for _ in range(8)]
    check((one, two, three, length) == (1, 2, 3, 32), "no record")
    letters = "".join("0123456789abcdefghjkmnpqrstvwxyz"[epoch >> 5 * digit & 31] for digit in reversed(range(13)))
    return letters, rseq, body[at:at + 32]

def verify(folder, key_file):
    read = lambda name: open(os.path.join(folder, name), encoding="utf-8").read()
    key = unbase("".join(read(os.path.abspath(key_file) if key_file else "ledger.pub").split("\n")[1:-2]))[-32:]
    about = json.loads(read("bundle.json"))
    check(about["format"] == "leadkeep-bundle/v1" and about["from"] <= about["to"] <= about["treeSize"], "unknown format")
    origin, size, root = open_note(read("checkpoint"), key)
    check((origin, size) == (about["origin"], about["treeSize"]), "the checkpoint is of another log or tree")
    tree, epochs, first = Tree(about["from"], [unbase(hash) for hash in about["leftEdge"]]), {}, None
    with open(os.path.join(folder, "entries.bin"), "rb") as entries, open(os.path.join(folder, "entries.jsonl")) as lines:
        for index in range(about["from"], about["to"]):
            try:
                length = int.from_bytes(entries.read(2), "big")
                body, line = entries.read(length), json.loads(lines.readline() or "{}")
                check(length and len(body) == length, "the bundle ends here, before its last entry")
                tree.push(sha256(b"\0", body))
                check(sha256(b"\0", body) == unbase(line["leafHash"]), "altered, missing or another entry")
                epoch, rseq, previous = place(body)
                said = line["index"], line["record"]["epoch"], line["record"]["rseq"], unbase(line["record"]["previous"])
                check(said == (index, epoch, rseq, previous), "the line beside it does not say what its bytes say")
                if epoch in epochs:
                    check(epochs[epoch] == (rseq - 1, previous), "the entry before it is not the one that it names")
                epochs[epoch] = rseq, sha256(b"\0", body)
            except (ValueError, KeyError, IndexError, TypeError) as error:
                first = first or f"index {index}: {error}"
        check(first or not (entries.read(1) or lines.readline()), f"index {about['to']}: something follows the last entry")
    check(not first, first)
    proof = [unbase(hash) for hash in about["consistency"]]
    check(is_consistent(about["to"], tree.root(), size, root, proof), "entries and proof do not lead to the signed root")
    print(f"verified: records {about['from']} to {about['to']} (not included) of {size}, signed as {origin}")

if __name__ == "__main__":
    try:
        verify(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        print("NOT VERIFIED:", error)
        sys.exit(3)
