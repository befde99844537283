"""The suites of "compare", over the harness's own parts (bench.py of HARNESS_DIR, given as a module).

What every suite keeps to: peers take turns inside a repetition, the order rotates from one repetition
to the next, and each measurement begins from the same state. Where all peers are up, that is the
state behind the same load on the same peer (who comes after somebody else's 400 MB being written
back is slower than who comes first); where one is started after the other, a machine that has
nothing left to write.
"""
import contextlib, glob, json, os, subprocess, sys, threading, time, traceback, uuid

HERE = os.path.dirname(os.path.realpath(__file__))

# size:records:partitions:acks:batch.size:linger.ms:compression, "-" for the client's default
WORK = ["1024:1000000:1:all:-:-:none", "1024:1000000:1:all:131072:5:none", "100:3000000:1:all:-:-:none",
        "100:3000000:1:all:131072:5:none", "100:3000000:1:all:131072:5:lz4"]
QUICK_WORK = ["1024:100000:1:all:-:-:none", "100:300000:1:all:131072:5:none"]
QUICK_RF3 = ["1024:100000:1:all:131072:5:none"]
RF3 = ["1024:1000000:1:all:131072:5:none", "1024:300000:1:all:-:-:none"]


class Plan:
    """What was asked for, and the peers in the order of each repetition."""

    def __init__(self, bench, a, out):
        self.bench, self.reps, self.quick, self.out = bench, 1 if a.quick else a.reps, a.quick, out
        self.peers = bench.peers(a.peers)
        self.reference = self.peers[0]   # the same load before each measurement goes to this one
        self.members = a.members or ([2, 6] if a.quick else [2, 6, 20, 50])
        self.replicas = a.replicas
        self.groups = a.groups or (50 if a.quick else 500)
        self.protocols, self.compiled, self.failures = a.protocols, set(), []

    def turns(self):
        """(repetition, peer), the order of peers rotating."""
        for rep in range(self.reps):
            k = rep % len(self.peers)
            for p in self.peers[k:] + self.peers[:k]:
                yield rep, p

    @contextlib.contextmanager
    def attempt(self, *what):
        """What fails in here is told in the end, and the other peers are measured all the same."""
        try:
            yield
        except Exception as e:
            traceback.print_exc()
            self.failures.append("%s: %s" % (" ".join(str(w) for w in what if w != ""), str(e).strip().splitlines()[-1][:300]))

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


# What an acknowledgement may mean: its name, ACKS of the verbs, and the level that ours is told.
LEVELS = {1: [("leader", "all", "leader"), ("standard", "all", "standard")],
          3: [("leader", "1", "standard"), ("standard", "all", "standard"), ("synced", "all", "synced")]}
DURABILITY = ["1024:400000:1:all:-:-:none", "1024:800000:1:all:131072:5:none"]


def durability(plan):
    """What each level costs. A Kafka has those that ask for no disk; all that alone are up, one peer after the other."""
    for replicas in plan.replicas:
        for rep, p in plan.turns():
            os.sync()
            try:
                p.start(replicas)
                levels = [l for l in LEVELS[replicas] if p.name == "ours" or l[0] == "leader" or (replicas > 1 and l[0] == "standard")]
                k = rep % len(levels)
                for level, acks, ours in levels[k:] + levels[:k]:
                    with plan.attempt("durability", replicas, p.name, level):
                        at_level(plan, p, rep, replicas, level, acks, ours)
            finally:
                p.stop()


def at_level(plan, p, rep, replicas, level, acks, ours):
    told = os.environ.get("MILLRACE_BENCH_DURABILITY")
    os.environ["MILLRACE_BENCH_DURABILITY"] = ours
    try:
        b, what = plan.bench, dict(suite="durability", peer=p.name, version=p.version, level=level, replicas=replicas, rep=rep)
        t = "t" + uuid.uuid4().hex[:10]
        p.create_topic(t, 1, replicas, max(1, replicas - 1))
        p.produce(t, 1024, 20000 if plan.quick else 300000, acks, 131072, 5)   # warms what this level uses
        for s in QUICK_WORK[:1] if plan.quick else DURABILITY:
            w = b.wl(s)
            r = b.measure(p, lambda: p.produce(t, w["size"], w["n"], acks, w["batch"], w["linger"], w["comp"]))
            plan.out.put(kind="produce", workload=s, **what, **r)
        r = p.e2e(t, 1000, 3 if plan.quick else 10, 2, 1024, acks, 0)
        plan.out.put(kind="open-loop", rate=1000, **what, **r)
        p.delete_topic(t)
    finally:
        if told is None:
            del os.environ["MILLRACE_BENCH_DURABILITY"]
        else:
            os.environ["MILLRACE_BENCH_DURABILITY"] = told


# ---- Groups ------------------------------------------------------------------------------------

SESSION_MS = 10000   # short enough to wait for, long enough that everybody's heartbeats come as by default
MANY_SESSION_MS = 45000   # everybody's default
PROTOCOLS = {"kafka3": ["eager", "cooperative"], "kafka4": ["cooperative", "consumer"]}


def protocols(plan, p, assigning=True):
    """Those of Kafka that were asked for; ours has one. Of the classic one's assignors one is enough where nothing is assigned anew."""
    asked = [x for x in PROTOCOLS.get(p.name, [""]) if x == "" or x in plan.protocols]
    return [x for x in asked if assigning or x != "eager" or "cooperative" not in asked]


def group_tool(plan, p, protocol, **wanted):
    """The command that measures groups: Kafka's in KafkaGroups.java, ours by the verb "group"."""
    if type(p) is not plan.bench.Kafka:
        words = [os.environ["BENCH_OURS"], "group", "--cluster", "broker://" + p.bootstrap()]
        return words + [w for k, v in wanted.items() for w in ("--" + k, str(v))]
    words = {"session-timeout": "session"}
    command = p.java("KafkaGroups", "bootstrap=" + p.bootstrap(), "protocol=" + protocol,
                     *["%s=%s" % (words.get(k, k), v) for k, v in wanted.items()], heap="1g")
    command[command.index("-cp") + 1] += os.pathsep + compiled(plan, p)
    return command


def compiled(plan, p):
    """Where KafkaGroups.java lies compiled for the release: each run would compile it again, at the brokers' cost."""
    source, folder = os.path.join(HERE, "peers", "KafkaGroups.java"), os.path.join(plan.bench.TMP, "groups-" + p.version)
    if p.version not in plan.compiled:
        jars = os.pathsep.join(glob.glob(p.cp() + ".jar"))   # this way of starting it leaves a * as it is
        plan.bench.run_timed([plan.bench.JAVA, "-m", "jdk.compiler/com.sun.tools.javac.Main", "-nowarn", "-cp", jars, "-d", folder, source], 300)
        plan.compiled.add(p.version)
    return folder


class BrokerCpu:
    """CPU seconds of a peer's brokers, looked at all the time, to be asked afterwards about any stretch."""

    def __init__(self, bench, p):
        self.bench, self.p, self.seen, self.ending = bench, p, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ending.wait(0.2):
            self.seen.append((time.time() * 1000, sum(self.bench.proc_cpu(x) for x in self.p.pids())))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.ending.set()
        self.thread.join()

    def share(self, from_ms, to_ms):
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
    if t.returncode != 0 or r.get("first_error"):   # figures of a run in which records failed, or nothing settled, say nothing
        raise RuntimeError("%s\nended with %d: %s" % ("".join(kept)[-1500:], t.returncode, r.get("first_error") or "see what it said above"))
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
            for protocol in protocols(plan, p):
                run_tool(plan, group_tool(plan, p, protocol, members=2, partitions=60, replicas=1, events="join", rounds=1))
        for members in plan.members:
            for rep, p in plan.turns():
                for protocol in protocols(plan, p):
                    wanted = dict(members=members, partitions=60, replicas=1, events="watch,join,leave,lose", watch=2 if plan.quick else 5, rounds=1)
                    wanted.update({"session-timeout": SESSION_MS, "commit-seconds": (1 if plan.quick else 3) if members == plan.members[0] else 0})
                    with plan.attempt("groups of", members, p.name, protocol):
                        r = run_tool(plan, group_tool(plan, p, protocol, **wanted))
                        put_events(plan, p, protocol, rep, r)
                        if "commits" in r:
                            c = r["commits"]
                            plan.out.put(suite="groups", kind="commits", peer=p.name, version=p.version, protocol=protocol, rep=rep,
                                         sync_per_s=c["sync_per_s"], sync_p50_ms=c["sync_ms"]["p50"], sync_p99_ms=c["sync_ms"]["p99"],
                                         async_per_s=c["async_per_s"])
    plan.all_up(1, run)


def coordinator(plan):
    """The coordinator's broker hands over, or is killed; three brokers, one peer after the other."""
    for rep, p in plan.turns():
        short_sessions(p)
        os.sync()
        try:
            p.start(3)
            for number, protocol in enumerate(protocols(plan, p, assigning=False)):
                with plan.attempt("coordinator", p.name, protocol):
                    if number:
                        for i in [i for i, process in p.procs.items() if process.poll() is not None]:
                            p.spawn_until_up(i)
                        p.ready()
                        time.sleep(8)   # as the harness does: replicas are in sync, leaders where they were
                    lose_coordinator(plan, p, protocol, rep)
        finally:
            p.stop()


def lose_coordinator(plan, p, protocol, rep):
    killed = []

    def kill(line):
        if " coordinator=" in line and not killed:
            killed.append(int(line.rsplit("=", 1)[1]))
            time.sleep(1)
            p.procs[killed[0]].kill()
            plan.bench.log(p.name, "broker", killed[0], "killed")
    wanted = dict(members=6, partitions=12, replicas=3, rounds=1, events="drain")
    wanted["session-timeout"] = SESSION_MS
    put_events(plan, p, protocol, rep, run_tool(plan, group_tool(plan, p, protocol, **wanted)), "coordinator-moves")
    time.sleep(8)   # who has handed over is given back what it led some seconds later
    wanted.update(events="watch", watch=5 if plan.quick else 25)
    r = run_tool(plan, group_tool(plan, p, protocol, **wanted), kill)
    if not killed:
        raise RuntimeError("nobody coordinated the group when it was to be killed")
    put_events(plan, p, protocol, rep, r, "coordinator-killed")


def manygroups(plan):
    """Many groups of one member each; one broker of each peer, one after the other."""
    for rep, p in plan.turns():
        os.sync()
        try:
            p.start(1)
            for protocol in protocols(plan, p, assigning=False):
                with plan.attempt("many groups", p.name, protocol):
                    many_groups(plan, p, protocol, rep)
        finally:
            p.stop()


def many_groups(plan, p, protocol, rep):
    wanted = dict(groups=plan.groups, partitions=6, replicas=1, seconds=5 if plan.quick else 20)
    wanted["session-timeout"] = MANY_SESSION_MS
    # A client of ours takes 4 MiB of direct memory, and each member here is a client.
    with BrokerCpu(plan.bench, p) as cpu:
        r = run_tool(plan, group_tool(plan, p, protocol, **wanted), MILLRACE_BENCH_CLIENT_OPTS="-Xmx1g -XX:MaxDirectMemorySize=3g")
    plan.out.put(suite="groups", kind="many", peer=p.name, version=p.version, protocol=protocol, rep=rep, groups=r["groups"],
                 assigned_ms=r["assigned_ms"], each_median_ms=r["each_assigned_ms"]["median"], left_ms=r["left_ms"],
                 requests_per_s=r["steady_requests_per_s"], broker_cpu_pct=cpu.share(r["steady_from_ms"], r["steady_to_ms"]),
                 broker_rss_mb=sum(plan.bench.proc_rss_mb(x) for x in p.pids()))


ALL = {f.__name__: f for f in (throughput, latency, startup, cluster, partitions, durability, groups, coordinator, manygroups)}


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
