"""A Millrace cluster that a measurement starts, ends brokers of, and looks at: for "failover" and "scale"."""
import os, re, signal, socket, subprocess, sys, time, urllib.request

HERE = os.path.dirname(os.path.realpath(__file__))
PATIENCE = 90
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


class Cluster:
    def __init__(self, dist, folder, debug, brokers=3):
        """In a folder that is the working directory too, and is not made here."""
        self.folder, self.brokers, self.processes = folder, brokers, {}
        # All that "ours" uses; below the ports that the kernel gives to connections.
        self.base = next(base for base in range(20000, 32000, 100)
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
