"""The suites of "compare", over the harness's own parts (bench.py of HARNESS_DIR, given as a module).

What every suite keeps to: peers take turns inside a repetition, the order rotates from one repetition
to the next, and each measurement begins from the same state. Where all peers are up, that is the
state behind the same load on the same peer (who comes after somebody else's 400 MB being written
back is slower than who comes first); where one is started after the other, a machine that has
nothing left to write.
"""
import json, os, subprocess, sys, threading, time, uuid

HERE = os.path.dirname(os.path.realpath(__file__))

# size:records:partitions:acks:batch.size:linger.ms:compression, "-" for the client's default
WORK = ["1024:1000000:1:all:-:-:none", "1024:1000000:1:all:131072:5:none", "100:3000000:1:all:-:-:none",
        "100:3000000:1:all:131072:5:none", "100:3000000:1:all:131072:5:lz4"]
QUICK_WORK = ["1024:100000:1:all:-:-:none", "100:300000:1:all:131072:5:none"]
QUICK_RF3 = ["1024:100000:1:all:131072:5:none"]
RF3 = ["1024:1000000:1:all:131072:5:none", "1024:300000:1:all:-:-:none"]


class Plan:
    """What was asked for, and the peers in the order of each repetition."""

    def __init__(self, bench, names, reps, quick, out):
        self.bench, self.reps, self.quick, self.out = bench, 1 if quick else reps, quick, out
        self.peers = bench.peers(names)
        self.reference = self.peers[0]   # the same load before each measurement goes to this one

    def turns(self):
        """(repetition, peer), the order of peers rotating."""
        for rep in range(self.reps):
            k = rep % len(self.peers)
            for p in self.peers[k:] + self.peers[:k]:
                yield rep, p

    def each_started(self, suite, **arguments):
        """A suite of the harness that starts one peer after the other, one turn at a time."""
        class A:
            reps = 1
        for k, v in arguments.items():
            setattr(A, k, v)
        for rep, p in self.turns():
            os.sync()
            self.bench.log("repetition", rep, p.name)
            suite([p], A, self.out)

    def all_up(self, brokers, run):
        try:   # what did come up is stopped when another does not
            for p in self.peers:
                p.start(brokers)
            run()
        finally:
            for p in self.peers:
                p.stop()

    def load(self, seconds):
        """The same before every measurement: 20,000 records of 1 KiB a second on one peer."""
        self.reference.produce("load", 1024, int(20000 * seconds), "all", rate=20000)


def throughput(plan):
    b = plan.bench

    def run():
        plan.reference.create_topic("load", 1)
        for p in plan.peers:   # warm the broker's JIT, outside the figures
            p.create_topic("warm", 1)
            p.produce("warm", 100, 200000 if plan.quick else 2000000, "all")
            p.produce("warm", 1024, 50000 if plan.quick else 300000, "all", 131072, 5, "lz4")
            p.delete_topic("warm")
        for s in QUICK_WORK if plan.quick else WORK:
            w = b.wl(s)
            for rep, p in plan.turns():
                plan.load(1 if plan.quick else 5)
                t = "t" + uuid.uuid4().hex[:10]
                p.create_topic(t, w["parts"])
                r = b.measure(p, lambda: p.produce(t, w["size"], w["n"], w["acks"], w["batch"], w["linger"], w["comp"]))
                plan.out.put(suite="throughput", kind="produce", peer=p.name, version=p.version, workload=s, rep=rep, **r)
                r = b.measure(p, lambda: p.consume(t, w["n"]))
                plan.out.put(suite="throughput", kind="consume", peer=p.name, version=p.version, workload=s, rep=rep, **r)
                p.delete_topic(t)
    plan.all_up(1, run)


def latency(plan):
    def run():
        plan.reference.create_topic("load", 1)
        for p in plan.peers:
            p.create_topic("warm", 1)
            p.produce("warm", 1024, 50000 if plan.quick else 1000000, "all")
            p.create_topic("lat", 1)
        for rate in (1000, 20000):
            for rep, p in plan.turns():
                plan.load(1 if plan.quick else 15)
                r = p.e2e("lat", rate, 3 if plan.quick else 10, 2 if plan.quick else 5, 1024, "all", 0)
                plan.out.put(suite="latency", kind="open-loop", peer=p.name, version=p.version, rate=rate, rep=rep, **r)
    plan.all_up(1, run)


def startup(plan):
    plan.each_started(plan.bench.suite_startup, gb=0.1 if plan.quick else 1)


def cluster(plan):
    plan.each_started(plan.bench.suite_cluster, sets=",".join(QUICK_RF3 if plan.quick else RF3))


def partitions(plan):
    plan.each_started(plan.bench.suite_partitions, partitions="1,100" if plan.quick else "1,1000,5000")


# ---- Groups ------------------------------------------------------------------------------------

SESSION_MS = 10000   # short enough to wait for, long enough that everybody's heartbeats come as by default

def protocols(p):
    return {"kafka3": ["eager", "cooperative"], "kafka4": ["cooperative", "consumer"]}.get(p.name, [""])


def group_tool(plan, p, protocol, **wanted):
    """The command that measures groups: Kafka's in KafkaGroups.java, ours by the verb "group"."""
    if type(p) is not plan.bench.Kafka:
        words = [os.environ["BENCH_OURS"], "group", "--cluster", "broker://" + p.bootstrap()]
        return words + [w for k, v in wanted.items() for w in ("--" + k, str(v))]
    words = {"session-timeout": "session"}
    return p.java(os.path.join(HERE, "peers", "KafkaGroups.java"), "bootstrap=" + p.bootstrap(), "protocol=" + protocol,
                  *["%s=%s" % (words.get(k, k), v) for k, v in wanted.items()], heap="1g")


class BrokerCpu:
    """CPU seconds of a peer's brokers, looked at all the time, to be asked afterwards about any stretch."""

    def __init__(self, bench, p):
        self.bench, self.p, self.seen, self.ending = bench, p, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ending.wait(0.2):
            self.seen.append((time.time() * 1000, sum(self.bench.proc_cpu(x) for x in self.p.pids())))

    def share(self, from_ms, to_ms):
        self.ending.set()
        self.thread.join()
        inside = [s for s in self.seen if from_ms <= s[0] <= to_ms]
        if len(inside) < 2:
            return None
        return 100 * (inside[-1][1] - inside[0][1]) / ((inside[-1][0] - inside[0][0]) / 1000)


def run_tool(plan, command, on_line=None, timeout=900, **environment):
    """Runs it to its end and returns its JSON; hears each line of what it says meanwhile."""
    t = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ, **environment))
    kept, end = [], threading.Timer(timeout, t.kill)
    end.daemon = True
    end.start()

    def listen():
        for line in t.stderr:
            kept.append(line)
            if on_line:
                on_line(line)
    ear = threading.Thread(target=listen, daemon=True)
    ear.start()
    try:
        said = t.stdout.read()
        t.wait()
    finally:   # also when the suite is ended from outside
        t.kill()
        end.cancel()
    ear.join(10)
    lines = [l for l in said.splitlines() if l.startswith("{")]
    if not lines:
        raise RuntimeError("%s: %s" % (command[:3], "".join(kept)[-1500:]))
    r = json.loads(lines[-1])
    if t.returncode != 0 or r.get("first_error"):
        plan.bench.log("ended with", t.returncode, r.get("first_error"), "".join(kept)[-500:])
    return r


def worst(spread):
    return spread and spread["worst"]


def put_events(plan, p, protocol, rep, r, kind=None):
    """A line for each event: of each kind of partition the longest pause any had."""
    for e in r["events"]:
        plan.out.put(suite="groups", kind=kind or e["event"], peer=p.name, version=p.version, protocol=protocol, rep=rep,
                     members=r["conditions"]["members"], partitions=r["conditions"]["partitions"], moved=e["moved_partitions"],
                     settled_ms=e["settled_ms"], first_record_ms=e["first_record_ms"], repeated=e["repeated"],
                     untouched_median_ms=e["untouched_ms"] and e["untouched_ms"]["median"], producer_retries=r.get("producer_retries"),
                     **{k: worst(e[k]) for k in ("untouched_ms", "led_elsewhere_ms", "moved_ms", "members_ms", "commits_ms")})


def short_sessions(p):
    """Kafka's new protocol has the session time-out in the broker; 45 s there, and here as for the others."""
    if p.name == "kafka4":
        p.extra = {"group.consumer.session.timeout.ms": SESSION_MS, "group.consumer.min.session.timeout.ms": SESSION_MS}


def groups(plan):
    """Members join, leave and are lost; one broker of each peer, all up."""
    for p in plan.peers:
        short_sessions(p)

    def run():
        for p in plan.peers:   # internal topics are made, code is compiled
            for protocol in protocols(p):
                run_tool(plan, group_tool(plan, p, protocol, members=2, partitions=60, replicas=1, events="join,leave", rounds=1))
        for members in (2, 6) if plan.quick else (2, 6, 20, 50):
            for rep, p in plan.turns():
                for protocol in protocols(p):
                    wanted = dict(members=members, partitions=60, replicas=1, events="watch,join,leave,lose,join", watch=2 if plan.quick else 6, rounds=1)
                    wanted.update({"session-timeout": SESSION_MS, "commit-seconds": (1 if plan.quick else 5) if members == 2 else 0})
                    r = run_tool(plan, group_tool(plan, p, protocol, **wanted))
                    put_events(plan, p, protocol, rep, r)
                    if "commits" in r:
                        c = r["commits"]
                        plan.out.put(suite="groups", kind="commits", peer=p.name, version=p.version, protocol=protocol, rep=rep,
                                     sync_per_s=c["sync_per_s"], sync_p50_ms=c["sync_ms"]["p50"], sync_p99_ms=c["sync_ms"]["p99"],
                                     async_per_s=c["async_per_s"])
    plan.all_up(1, run)


def coordinator(plan):
    """The coordinator's broker is killed, or hands over; three brokers, one peer after the other."""
    for rep, p in plan.turns():
        short_sessions(p)
        os.sync()
        try:
            p.start(3)
            for protocol in protocols(p)[-1:]:
                wanted = dict(members=6, partitions=12, replicas=3, rounds=1 if plan.quick else 3, events="drain")
                wanted["session-timeout"] = SESSION_MS
                put_events(plan, p, protocol, rep, run_tool(plan, group_tool(plan, p, protocol, **wanted)), "coordinator-moves")
                wanted.update(events="watch", rounds=1, watch=10 if plan.quick else 30)
                killed = []

                def kill(line):
                    if " coordinator=" in line and not killed:
                        killed.append(int(line.rsplit("=", 1)[1]))
                        time.sleep(1)
                        p.procs[killed[0]].kill()
                r = run_tool(plan, group_tool(plan, p, protocol, **wanted), kill)
                put_events(plan, p, protocol, rep, r, "coordinator-killed")
        finally:
            p.stop()


def manygroups(plan):
    """500 groups of one member each; one broker of each peer, one after the other."""
    for rep, p in plan.turns():
        os.sync()
        try:
            p.start(1)
            for protocol in protocols(p)[-1:]:
                cpu = BrokerCpu(plan.bench, p)
                wanted = dict(groups=50 if plan.quick else 500, partitions=6, replicas=1, seconds=5 if plan.quick else 30)
                wanted["session-timeout"] = 45000   # everybody's default, which says how often a heartbeat comes
                # A client of ours takes 4 MiB of direct memory, and each member here is a client.
                r = run_tool(plan, group_tool(plan, p, protocol, **wanted), MILLRACE_BENCH_CLIENT_OPTS="-Xmx1g -XX:MaxDirectMemorySize=3g")
                plan.out.put(suite="groups", kind="many", peer=p.name, version=p.version, protocol=protocol, rep=rep, groups=r["groups"],
                             assigned_ms=r["assigned_ms"], each_median_ms=r["each_assigned_ms"]["median"], left_ms=r["left_ms"],
                             requests_per_s=r["steady_requests_per_s"], broker_cpu_pct=cpu.share(r["steady_from_ms"], r["steady_to_ms"]),
                             broker_rss_mb=sum(plan.bench.proc_rss_mb(x) for x in p.pids()))
        finally:
            p.stop()


ALL = {f.__name__: f for f in (throughput, latency, startup, cluster, partitions, groups, coordinator, manygroups)}


def load_harness(directory):
    """bench.py of that directory, made ready as its own main does."""
    import resource, signal
    sys.path.insert(0, directory)
    import bench
    os.makedirs(bench.TMP, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *x: sys.exit(1))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if os.environ.get("BENCH_BOOST", "1") == "1":
        bench.boost()
    return bench
