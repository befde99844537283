"""A Millrace cluster that a measurement starts, ends brokers of, and looks at: for the scripts beside this file."""
import argparse, contextlib, json, os, platform, random, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

HERE = os.path.dirname(os.path.realpath(__file__))
PATIENCE = 90
TICKS = os.sysconf("SC_CLK_TCK")
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGTERM}


def now():
    return time.time() * 1000


def is_free(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


def wait_for(what, condition, every=0.1, patience=PATIENCE):
    end = time.time() + patience
    while not condition():
        if time.time() > end:
            raise RuntimeError("%s: not within %d s" % (what, patience))
        time.sleep(every)


def cpu(pid):
    """Seconds so far; those of a process that has just ended are gone with it."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(pid):
    with open("/proc/%d/status" % pid) as f:
        return round(int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024)


def heap_mib(pid):
    """In use after a full collection."""
    for command in "GC.run", "GC.heap_info":
        text = subprocess.run(["jcmd", str(pid), command], capture_output=True, text=True, check=True).stdout
    used = re.findall(r"(?:garbage-first heap|new generation|tenured generation|PSYoungGen|ParOldGen)\s+total \d+K, used (\d+)K", text)
    if not used:
        raise RuntimeError("no heap known to this tool in what jcmd says: " + text)
    return round(sum(map(int, used)) / 1024)


class Cluster:
    def __init__(self, dist, folder, debug, brokers=3):
        """In a folder that is the working directory too, and is not made here."""
        self.folder, self.brokers, self.processes = folder, brokers, {}
        # All that "ours" uses; below the ports that the kernel gives to connections. At random: another tool may begin just now.
        self.base = next(base for base in random.sample(range(20000, 32000, 100), 120)
                         if all(is_free(base + k + i) for k in (0, 20, 40, 90) for i in range(brokers)))
        # "ours" notes the cluster in TMPDIR: a folder of its own keeps other runs on this machine apart.
        self.env = dict(os.environ, MILLRACE=os.path.join(dist, "bin/millrace"), TMPDIR=folder)
        if debug:
            with open(os.path.join(dist, "conf/logback-server.xml")) as usual, open("debug.xml", "w") as f:
                f.write(usual.read().replace("<root ", '<logger name="io.millrace" level="DEBUG"/><root '))
            self.env["BENCH_BROKER_OPTS"] = "-Dlogback.configurationFile=%s/%s %s" % (folder, f.name, os.environ.get("BENCH_BROKER_OPTS", ""))

    def ours(self, *words):
        done = subprocess.run([os.path.join(HERE, "ours"), *map(str, words)], env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError("ours %s: %s" % (" ".join(map(str, words)), done.stderr.strip()[-1000:]))
        return done.stdout.strip()

    def start(self, name, *words):
        with open(name + ".out", "a") as out, open(name + ".log", "a") as log:   # Ctrl-C is for this tool alone
            return subprocess.Popen([os.path.join(HERE, "ours"), *words], env=self.env, stdout=out, stderr=log, start_new_session=True)

    def spawn(self, i):
        self.processes[i] = self.start("b%d" % i, "broker", self.folder, str(i), str(self.base))

    def led(self):
        """How many partitions each broker leads; None unless all are in sync, as every broker sees it."""
        led = []
        for i, process in self.processes.items():
            if process.poll() is not None:
                raise RuntimeError("broker %d ended by itself with %d; see b%d.log" % (i, process.returncode, i))
            try:
                with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % (self.base + 40 + i), timeout=5) as answer:
                    values = dict(re.findall(r"^millrace_(\S+) (\S+)$", answer.read().decode(), re.M))
            except OSError:
                return None   # not up yet
            if [float(values["cluster_" + n]) for n in ("brokers", "under_replicated_partitions", "leaderless_partitions")] != [self.brokers, 0, 0]:
                return None
            led.append(int(float(values['partitions{state="led"}'])))
        return led

    def said(self, since, begin, end):
        """What brokers logged from one time to another, after how long since a third (epoch ms)."""
        for i in self.processes:
            with open("b%d.log" % i, errors="replace") as lines:
                for line in lines:
                    stamp = re.match(r"(\S+T[\d:]+)\.(\d{3})\S* ", line)
                    at = stamp and time.mktime(time.strptime(stamp.group(1), "%Y-%m-%dT%H:%M:%S")) * 1000 + int(stamp.group(2))
                    if at and begin <= at <= end:
                        yield at, "      %+7.0f ms  broker %d  %s" % (at - since, i, line[stamp.end():].rstrip())

    def stop(self):
        for process in self.processes.values():
            process.terminate()
        for i, process in self.processes.items():
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                print("broker %d did not stop within %d s; killed" % (i, PATIENCE), file=sys.stderr)
                process.kill()
        self.ours("finish", self.folder)


class Probe:
    """The producer, and its lines, read as they come."""

    def __init__(self, cluster, topic):
        self.process = cluster.start("probe", "probe", topic, "10", "86400", "all")
        self.lines, self.rest, self.acks, self.latest, self.errors = open("probe.out", "rb"), b"", [], 0, []

    def has_acknowledged_what_came_after(self, millis):
        if self.process.poll() is not None:
            raise RuntimeError("the producer ended with %d; see probe.log" % self.process.returncode)
        *lines, self.rest = (self.rest + self.lines.read()).split(b"\n")
        for words in map(bytes.split, lines):
            if words[0] == b"A":
                self.acks.append(int(words[2]))
                self.latest = max(self.latest, int(words[1]))
            elif words[0] == b"E":
                self.errors.append(b" ".join(words[3:]).decode())
        return self.latest > millis

    def gap(self, since):
        """The longest time without an acknowledgement of those that ended after that one, and when it began; forgets what was before."""
        times = [max((t for t in self.acks if t <= since), default=since)] + sorted(t for t in self.acks if t > since)
        self.acks = times[-1:]
        return max((b - a, a) for a, b in zip(times, times[1:]))


class ZooKeeper:
    """What its server counts."""

    def __init__(self, port):
        self.port = port

    def ask(self, word):
        with socket.create_connection(("127.0.0.1", self.port), 10) as s:
            s.sendall(word.encode())
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def counts(self):
        stats = dict(line.split("\t")[:2] for line in self.ask("mntr").splitlines() if "\t" in line)
        zxid = int(re.search(r"Zxid: 0x([0-9a-f]+)", self.ask("srvr")).group(1), 16)
        return {"packets": int(stats["zk_packets_received"]), "writes": zxid, "watches": int(stats["zk_watch_count"])}

    def since(self, before):
        return {k: v - before[k] for k, v in self.counts().items()}


class Clients:
    """Commands that put load on a cluster; each has a file of what it said."""

    def __init__(self, cluster):
        self.cluster, self.processes, self.count = cluster, {}, 0
        self.address = "127.0.0.1:%d/millrace" % (cluster.base + 90)

    def command(self, *words, to=None):
        return [self.cluster.env["MILLRACE"], *map(str, words), "--cluster", to or self.address]

    def begin(self, name, *words, nice=0, to=None, **environment):
        self.count += 1
        said = "%s-%d" % (name, self.count)
        with open(said + ".out", "w") as out, open(said + ".log", "w") as log:   # Ctrl-C is for this tool alone
            process = subprocess.Popen(["nice", "-n", str(nice), *self.command(*words, to=to)], stdout=out, stderr=log, start_new_session=True,
                                       env=dict(os.environ, **environment))
        self.processes[name], process.said = process, said
        return process

    def create(self, topic, *options):
        subprocess.run(self.command("topic", "create", topic, *options), check=True, stdout=subprocess.DEVNULL)

    def describe(self, topic):
        return json.loads(subprocess.run(self.command("topic", "describe", topic, "--output", "json"), check=True, capture_output=True, text=True).stdout)[0]

    def delete(self, topic):
        subprocess.run(self.command("topic", "delete", topic, "--yes"), check=True, stdout=subprocess.DEVNULL)

    def run(self, name, *words, patience=PATIENCE, **environment):
        """To its end; what it measured."""
        process = self.begin(name, *words, **environment)
        if process.wait(patience) != 0:
            raise RuntimeError("%s ended with %d; see %s.log" % (name, process.returncode, process.said))
        return self.said(self.processes.pop(name))

    def end(self, name, otherwise=None):
        """What it measured; Ctrl-C makes it tell, unless it has not begun yet."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        return self.said(process, otherwise)

    def said(self, process, otherwise=None):
        with open(process.said + ".out") as lines:
            text = lines.read().strip()
        if not text and otherwise is not None:
            return otherwise
        if not text:
            raise RuntimeError("%s measured nothing; see %s.log" % (process.said, process.said))
        return json.loads(text.splitlines()[-1])

    def check(self, but=None):
        for name, process in self.processes.items():
            if name != but and process.poll() is not None:
                raise RuntimeError("%s ended by itself with %d; see %s.log" % (name, process.returncode, process.said))

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def parser(doc):
    ap = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--dist", metavar="DIR", default=os.path.join(HERE, "../../broker/dist/target/millrace"),
                    help="an unpacked release, or broker/dist/target/millrace of a checkout; default: of this one")
    ap.add_argument("--out", metavar="FILE", help="where lines of JSON are appended to; default: none are")
    return ap


def begin(ap, a):
    """What every tool does once its own options are checked."""
    a.dist, a.out = os.path.realpath(a.dist), a.out and os.path.realpath(a.out)
    if not os.access(os.path.join(a.dist, "bin", "millrace"), os.X_OK):
        ap.error("no bin/millrace in %s; build it with ./millrace --help, or name another with --dist" % a.dist)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))   # in the background it is ignored, and so by all that is started here
    os.environ["MILLRACE_OPTS"] = "-Dzookeeper.4lw.commands.whitelist=mntr,srvr " + os.environ.get("MILLRACE_OPTS", "")
    print("%s; %d CPUs, Linux %s; load average %.1f; %s" % (
        time.strftime("%Y-%m-%d %H:%M"), os.cpu_count(), platform.release(), os.getloadavg()[0], a.dist), flush=True)


@contextlib.contextmanager
def running(a, tool, brokers, settings=None, on_spawn=None):
    """A cluster in a folder of its own, and its clients. All of it ends with the block, and the folder goes, unless something
    failed: then the tool ends with 1, after what comes behind the block."""
    folder = tempfile.mkdtemp(prefix=tool + "-", dir=os.environ.get("BENCH_TMP"))
    os.chdir(folder)
    cluster = Cluster(a.dist, folder, False, brokers)
    clients, a.failed = Clients(cluster), False
    try:
        cluster.ours("prepare", folder, brokers, cluster.base)
        for i in range(brokers):
            configure("b%d.properties" % i, settings or {})
            cluster.spawn(i)
            if on_spawn:
                on_spawn(cluster.processes[i].pid)
        cluster.ours("ready", folder)
        yield cluster, clients
    except (RuntimeError, OSError, subprocess.SubprocessError) as e:
        print("%s: %s" % (tool, e), file=sys.stderr)
        a.failed = True
    finally:
        clients.stop()
        cluster.stop()
        os.chdir("/")
        if a.failed:
            print("logs and data: " + folder)
        else:
            shutil.rmtree(folder)


def configure(file, settings):
    with open(file) as f:
        lines = [line for line in f if line.partition("=")[0] not in settings]
    with open(file, "w") as f:
        f.writelines(lines + ["%s=%s\n" % s for s in settings.items()])


def tell(a, row):
    print(json.dumps(row), flush=True)
    if a.out:
        with open(a.out, "a") as f:
            f.write(json.dumps(row) + "\n")


def table(title, columns, rows):
    """Of (heading, key) and rows that are dicts; to the right."""
    def cell(value):
        return "-" if value is None else "%.3g" % value if isinstance(value, float) and abs(value) < 100 else "%.0f" % value if isinstance(value, float) else str(value)
    cells = [[name for name, _ in columns]] + [[cell(row.get(key)) for _, key in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    print("\n" + title)
    for line in cells:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths)))
