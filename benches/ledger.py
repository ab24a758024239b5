#!/usr/bin/env python3
"""benches/ledger on a throwaway PostgreSQL or on SQLite, on this disk or on one whose syncs take longer.

    benches/ledger.py sqlite|postgres [--sync-ms 2] [--binary FILE] -- append|request|long 1000000

Needs PostgreSQL's server binaries (apt-get install postgresql) and, for --sync-ms, cc. fsync and synchronous_commit are on.
"""
import argparse, glob, os, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backend", choices=["sqlite", "postgres"])
    parser.add_argument("--sync-ms", type=float, default=0, help="how much longer every sync takes")
    parser.add_argument("--binary", help="the benchmark, built already")
    parser.add_argument("words", nargs="+", help="what the benchmark is to do")
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="leadkeep-ledger-")
    slow = dict(os.environ)
    if args.sync_ms:
        library = work + "/slow_sync.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, HERE + "/slow_sync.c", "-ldl"], check=True)
        slow |= {"LD_PRELOAD": library, "SLOW_SYNC_US": str(int(args.sync_ms * 1000))}
    command = [args.binary] if args.binary else ["cargo", "bench", "--bench", "ledger", "--"]
    su = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
    found, data = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres")), work + "/data"
    try:
        if args.backend == "sqlite":
            sys.exit(subprocess.run(command + args.words, env=slow).returncode)
        if not found: sys.exit("PostgreSQL's server binaries are missing: apt-get install postgresql")
        bin = os.path.dirname(found[-1])
        os.chmod(work, 0o755)
        os.makedirs(data)
        if su: shutil.chown(data, "postgres", "postgres")
        quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": "/"}
        subprocess.run([*su, bin + "/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"], **quiet)
        with open(data + "/postgresql.conf", "a") as conf:
            conf.write(f"listen_addresses=''\nunix_socket_directories='{data}'\nshared_buffers=1GB\nmax_wal_size=4GB\njit=off\nrandom_page_cost=1.1\n")
        control = [*su, bin + "/pg_ctl", "-D", data, "-w", "-l", data + "/log"]
        subprocess.run(control + ["start"], env=slow, **quiet)
        try:
            subprocess.run([*su, bin + "/createdb", "-h", data, "-U", "postgres", "ledger"], **quiet)
            sys.exit(subprocess.run(command + args.words + [f"postgres://postgres@localhost/ledger?host={data}"]).returncode)
        finally:
            subprocess.run(control + ["-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
