import java.io.PrintStream;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;

/**
 * What "millrace bench group" does, with Kafka's own client on Kafka: the same events, the same
 * load, the same words for the same things (see client-sdk/cli/BENCH.md), the same JSON. Run from
 * source with a Kafka release's jars on the class path; no module of Millrace depends on it:
 *
 *   java -cp 'JARS/*' KafkaGroups.java bootstrap=HOST:PORT protocol=eager|cooperative|consumer
 *        [members=3] [partitions=12] [replicas=1] [events=join,leave,lose,join] [rounds=3]
 *        [rate=50 each] [session=6000] [watch=10] [commit-every=200] [commit-seconds=0]
 *        [groups=0] [seconds=30]
 *
 * eager: the classic protocol with the range assignor, which is its default; cooperative: with
 * CooperativeStickyAssignor; consumer: the new protocol, whose session time-out is the broker's.
 */
public class KafkaGroups {
    static final Map<String, String> ARGS = new HashMap<>();
    static final String NAME = "bench-group-" + Long.toHexString(new Random().nextLong());
    static final PrintStream ERR = System.err;
    static Admin admin;
    static String bootstrap, protocol;
    static int partitions;
    static long sessionMillis, commitNanos;
    static long began = System.nanoTime();

    static String arg(String key, String otherwise) { return ARGS.getOrDefault(key, otherwise); }
    static int number(String key, int otherwise) { return Integer.parseInt(arg(key, "" + otherwise)); }

    // ---- What is counted ------------------------------------------------------------------------

    static final class Pauses {
        static final long NEVER = Long.MIN_VALUE;
        final AtomicLong last = new AtomicLong(NEVER), longest = new AtomicLong();

        void happened(long now) {
            long before = last.getAndSet(now);
            if (before != NEVER) longest.accumulateAndGet(now - before, Math::max);
        }

        void begin() { longest.set(0); }

        void addTo(List<Long> list, long now) {
            if (last.get() != NEVER) list.add(Math.max(longest.get(), now - last.get()));
        }

        boolean since(long nanos) { return last.get() != NEVER && last.get() - nanos >= 0; }
    }

    static Pauses[] deliveries;
    static AtomicLong[] next;
    static final AtomicLong records = new AtomicLong(), repeated = new AtomicLong(), missed = new AtomicLong();

    static void delivered(ConsumerRecord<byte[], byte[]> r, long now) {
        long due = next[r.partition()].get();
        if (r.offset() < due) { repeated.incrementAndGet(); return; }
        missed.addAndGet(r.offset() - due);
        next[r.partition()].set(r.offset() + 1);
        deliveries[r.partition()].happened(now);
        records.incrementAndGet();
    }

    // ---- A member -------------------------------------------------------------------------------

    static Properties consumer(String group, String instance) {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.put("group.id", group);
        p.put("enable.auto.commit", "false");
        p.put("auto.offset.reset", "earliest");
        p.put("allow.auto.create.topics", "false");
        if (protocol.equals("consumer")) {
            p.put("group.protocol", "consumer");
        } else {
            p.put("session.timeout.ms", "" + sessionMillis);
            p.put("heartbeat.interval.ms", "" + Math.min(3000, sessionMillis / 3));
            if (protocol.equals("cooperative"))
                p.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
            else
                p.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor");
        }
        if (instance != null) p.put("group.instance.id", instance);
        return p;
    }

    static final class Member implements Runnable, ConsumerRebalanceListener {
        final Properties properties;
        final boolean isStatic, idle;
        final Set<Integer> holding = new HashSet<>();
        volatile Set<Integer> held = Set.of();
        volatile boolean ending, hasRead;
        volatile long firstRecord;
        volatile Throwable failure;
        volatile KafkaConsumer<byte[], byte[]> consumer;
        boolean commits;
        long committed;
        final AtomicLong failedCommits = new AtomicLong();
        final Pauses reads = new Pauses(), commitPauses = new Pauses();
        final Thread thread;

        Member(String group, String instance, boolean idle, String name) {
            this.properties = consumer(group, instance);
            this.isStatic = instance != null;
            this.idle = idle;
            this.thread = new Thread(this, name);
        }

        @Override public void run() {
            try (KafkaConsumer<byte[], byte[]> open =
                     new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer = open;
                open.subscribe(List.of(NAME), this);
                while (!ending) {
                    ConsumerRecords<byte[], byte[]> polled = open.poll(Duration.ofMillis(100));
                    long now = System.nanoTime();
                    for (ConsumerRecord<byte[], byte[]> r : polled) delivered(r, now);
                    if (!polled.isEmpty()) {
                        reads.happened(now);
                        if (!hasRead) { firstRecord = now; hasRead = true; }
                    }
                    now = System.nanoTime();
                    if (!idle && commitNanos > 0 && !commits && hasRead && !holding.isEmpty() && now - committed >= commitNanos) {
                        commits = true;
                        committed = now;
                        open.commitAsync((offsets, e) -> {
                            commits = false;
                            if (e == null) commitPauses.happened(System.nanoTime()); else failedCommits.incrementAndGet();
                        });
                    }
                }
            } catch (Throwable e) {
                failure = e;
            } finally {
                held = Set.of();
            }
        }

        @Override public void onPartitionsAssigned(Collection<TopicPartition> given) {
            if (idle) consumer.pause(given);
            for (TopicPartition each : given) holding.add(each.partition());
            held = Set.copyOf(holding);
        }

        @Override public void onPartitionsRevoked(Collection<TopicPartition> taken) {
            if (!idle && commitNanos > 0 && hasRead) {
                try {
                    consumer.commitSync();
                } catch (KafkaException e) {
                    failedCommits.incrementAndGet();
                }
            }
            onPartitionsLost(taken);
        }

        @Override public void onPartitionsLost(Collection<TopicPartition> lost) {
            for (TopicPartition each : lost) holding.remove(each.partition());
            held = Set.copyOf(holding);
        }

        double requests() {
            KafkaConsumer<byte[], byte[]> open = consumer;
            if (open == null) return 0;
            double sum = 0;
            for (Map.Entry<MetricName, ? extends Metric> e : open.metrics().entrySet())
                if (e.getKey().name().equals("request-total") && e.getKey().group().equals("consumer-metrics"))
                    sum += ((Number) e.getValue().metricValue()).doubleValue();
            return sum;
        }
    }

    // ---- The load -------------------------------------------------------------------------------

    static volatile boolean stopping;
    static final AtomicLong retries = new AtomicLong();
    static final AtomicReference<String> firstError = new AtomicReference<>();

    static void load(double rate) {
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        p.put("linger.ms", "0");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value = new byte[100];
            prime(producer, value);
            long start = System.nanoTime();
            for (long i = 0; !stopping; i++) {
                long due = start + (long) (i * 1e9 / rate), left;
                while ((left = due - System.nanoTime()) > 0 && !stopping)
                    LockSupport.parkNanos(Math.min(100_000_000, Math.max(20_000, left)));
                if (stopping) break;
                producer.send(new ProducerRecord<>(NAME, (int) (i % partitions), null, value),
                    (m, e) -> { if (e != null) firstError.compareAndSet(null, e.toString()); });
            }
            producer.flush();
            producer.metrics().forEach((name, metric) -> {
                if (name.name().equals("record-retry-total") && name.group().equals("producer-metrics"))
                    retries.set(((Number) metric.metricValue()).longValue());
            });
        } catch (Exception e) {
            firstError.compareAndSet(null, e.toString());
        }
    }

    /**
     * The first record of each partition, before any other follows it. A broker tells of a new
     * partition before it serves it; of several requests under way the first is then refused, a
     * later one taken as the producer's first, and the first again and again as out of order, until
     * its delivery time-out (KAFKA-15591).
     */
    static void prime(KafkaProducer<byte[], byte[]> producer, byte[] value) throws Exception {
        List<Future<RecordMetadata>> first = new ArrayList<>();
        for (int i = 0; i < partitions; i++) first.add(producer.send(new ProducerRecord<>(NAME, i, null, value)));
        for (Future<RecordMetadata> each : first) each.get();
    }

    // ---- Events ---------------------------------------------------------------------------------

    static final List<Member> members = new ArrayList<>(), gone = new ArrayList<>();
    static int losesAhead, hired;

    static Member hire() {
        long named = members.stream().filter(m -> m.isStatic).count();
        String own = "member-" + hired++;
        Member m = new Member(NAME, named < losesAhead ? own : null, false, own);
        members.add(m);
        m.thread.start();
        return m;
    }

    static void part(boolean isStatic) {
        for (int i = members.size() - 1; i >= 0; i--) {
            Member m = members.get(i);
            if (m.isStatic == isStatic) {
                members.remove(i);
                gone.add(m);
                m.ending = true;
                return;
            }
        }
        throw new IllegalStateException("no member left that could go this way");
    }

    static boolean sharedOut() {
        int least = partitions / members.size(), most = least + (partitions % members.size() == 0 ? 0 : 1), sum = 0;
        Set<Integer> all = new HashSet<>();
        for (Member m : members) {
            Set<Integer> held = m.held;
            if (held.size() < least || held.size() > most) return false;
            sum += held.size();
            all.addAll(held);
        }
        return sum == partitions && all.size() == partitions;
    }

    static void look() {
        for (Member m : members) if (m.failure != null) throw new IllegalStateException("a member failed", m.failure);
        LockSupport.parkNanos(5_000_000);
    }

    static long awaitSettled(long start) {
        long until = start + (sessionMillis + 60_000) * 1_000_000L, shared = -1;
        while (System.nanoTime() - until < 0) {
            if (!sharedOut()) {
                shared = -1;
            } else if (shared < 0) {
                shared = System.nanoTime();
            } else {
                boolean all = true;
                for (Pauses each : deliveries) all &= each.since(shared);
                if (all) return System.nanoTime() - start;
            }
            look();
        }
        return -1;
    }

    static void rest(long nanos) {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() - until < 0) look();
    }

    static Map<Integer, Member> owners() {
        Map<Integer, Member> owners = new HashMap<>();
        for (Member m : members) for (int each : m.held) owners.put(each, m);
        return owners;
    }

    static Map<Integer, Integer> leaders() throws Exception {
        Map<Integer, Integer> leaders = new HashMap<>();
        for (TopicPartitionInfo each : admin.describeTopics(List.of(NAME)).allTopicNames().get().get(NAME).partitions())
            leaders.put(each.partition(), each.leader() == null ? -1 : each.leader().id());
        return leaders;
    }

    static int coordinator() throws Exception {
        return admin.describeConsumerGroups(List.of(NAME)).all().get().get(NAME).coordinator().id();
    }

    /** Another replica leads the group's partition: no broker can be asked to lead nothing. */
    static TopicPartition prepareMove() throws Exception {
        int count = admin.describeTopics(List.of("__consumer_offsets")).allTopicNames().get().get("__consumer_offsets").partitions().size();
        TopicPartition tp = new TopicPartition("__consumer_offsets", (NAME.hashCode() & 0x7fffffff) % count);
        TopicPartitionInfo info = admin.describeTopics(List.of(tp.topic())).allTopicNames().get().get(tp.topic()).partitions().get(tp.partition());
        List<Integer> order = new ArrayList<>();
        for (Node each : info.replicas()) order.add(each.id());
        Collections.rotate(order, -(order.indexOf(info.leader().id()) + 1));
        admin.alterPartitionReassignments(Map.of(tp, Optional.of(new NewPartitionReassignment(order)))).all().get();
        while (!admin.listPartitionReassignments().reassignments().get().isEmpty()) look();
        return tp;
    }

    static void say(String what) {
        ERR.printf(Locale.ROOT, "%.1f s: %s%n", (System.nanoTime() - began) / 1e9, what);
    }

    static String spread(List<Long> nanos) {
        if (nanos.isEmpty()) return "null";
        Collections.sort(nanos);
        int n = nanos.size();
        double median = n % 2 == 1 ? nanos.get(n / 2) : (nanos.get(n / 2 - 1) + nanos.get(n / 2)) / 2.0;
        return String.format(Locale.ROOT, "{\"count\":%d,\"median\":%.3f,\"worst\":%.3f}", n, median / 1e6, nanos.get(n - 1) / 1e6);
    }

    static String millis(long nanos) {
        return nanos < 0 ? "null" : String.format(Locale.ROOT, "%.3f", nanos / 1e6);
    }

    static final String[] COLUMNS = {"untouched", "led_elsewhere", "moved", "members", "commits"};
    static final Map<String, Map<String, List<Long>>> byEvent = new LinkedHashMap<>();
    static final List<String> outcomes = new ArrayList<>();
    static boolean unsettled;

    static void perform(String event) throws Exception {
        TopicPartition moving = event.equals("drain") ? prepareMove() : null;
        rest(2_000_000_000L);
        Map<Integer, Member> before = owners();
        Map<Integer, Integer> leadersBefore = leaders();
        Set<Member> there = new HashSet<>(members);
        long repeatedBefore = repeated.get();
        for (Pauses each : deliveries) each.begin();
        for (Member m : members) { m.reads.begin(); m.commitPauses.begin(); }
        say(event + (event.equals("watch") ? " coordinator=" + coordinator() : ""));
        long at = System.currentTimeMillis(), start = System.nanoTime();
        Member joined = null;
        switch (event) {
            case "join": joined = hire(); break;
            case "leave": part(false); break;
            case "lose": losesAhead--; part(true); break;
            case "drain": admin.electLeaders(ElectionType.PREFERRED, Set.of(moving)).all().get(); break;
            case "watch": rest(number("watch", 10) * 1_000_000_000L); break;
            default: throw new IllegalArgumentException(event);
        }
        long settled = awaitSettled(start);
        unsettled |= settled < 0;
        there.retainAll(members);
        long now = System.nanoTime();
        Map<Integer, Member> after = owners();
        Map<Integer, Integer> leadersAfter = leaders();
        Map<String, List<Long>> gaps = new LinkedHashMap<>();
        for (String each : COLUMNS) gaps.put(each, new ArrayList<>());
        for (int i = 0; i < partitions; i++) {
            String kind = before.get(i) != after.get(i) ? "moved" : leadersBefore.get(i).equals(leadersAfter.get(i)) ? "untouched" : "led_elsewhere";
            deliveries[i].addTo(gaps.get(kind), now);
        }
        for (Member m : there) {
            m.reads.addTo(gaps.get("members"), now);
            m.commitPauses.addTo(gaps.get("commits"), now);
        }
        StringBuilder out = new StringBuilder();
        out.append(String.format("{\"event\":\"%s\",\"at_ms\":%d,\"members\":%d,\"moved_partitions\":%d,\"settled_ms\":%s",
            event, at, members.size(), gaps.get("moved").size(), millis(settled)));
        for (String each : COLUMNS) {
            out.append(",\"" + each + "_ms\":" + spread(gaps.get(each)));
            if (!gaps.get(each).isEmpty())
                byEvent.computeIfAbsent(event, e -> new LinkedHashMap<>()).computeIfAbsent(each, e -> new ArrayList<>()).add(Collections.max(gaps.get(each)));
        }
        out.append(",\"first_record_ms\":" + (joined == null || !joined.hasRead ? "null" : millis(joined.firstRecord - start)));
        outcomes.add(out + ",\"repeated\":" + (repeated.get() - repeatedBefore) + "}");
    }

    // ---- Commits --------------------------------------------------------------------------------

    static String commitRate(double seconds) {
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < partitions; i++) all.add(new TopicPartition(NAME, i));
        try (KafkaConsumer<byte[], byte[]> c =
                 new KafkaConsumer<>(consumer(NAME + "-commits", null), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            c.assign(all);
            c.pause(all);
            sync(c, all, seconds / 5, null);
            List<Long> each = new ArrayList<>();
            double rate = sync(c, all, seconds, each) / seconds;
            Collections.sort(each);
            async(c, all, seconds / 5);
            double async = async(c, all, seconds);
            return String.format(Locale.ROOT, "{\"sync_per_s\":%.3f,\"sync_ms\":{\"count\":%d,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},\"async_per_s\":%.3f,\"async_under_way\":100}",
                rate, each.size(), each.get(each.size() / 2) / 1e6, each.get(each.size() * 99 / 100) / 1e6, each.get(each.size() - 1) / 1e6, async);
        }
    }

    static double async(KafkaConsumer<byte[], byte[]> c, List<TopicPartition> all, double seconds) {
        long start = System.nanoTime(), asked = 0;
        AtomicInteger underWay = new AtomicInteger();
        AtomicLong done = new AtomicLong();
        AtomicReference<Exception> failure = new AtomicReference<>();
        while (System.nanoTime() - start < seconds * 1e9 && failure.get() == null) {
            while (underWay.get() < 100) {
                underWay.incrementAndGet();
                c.commitAsync(offsets(all, asked++), (o, e) -> {
                    underWay.decrementAndGet();
                    if (e == null) done.incrementAndGet(); else failure.compareAndSet(null, e);
                });
            }
            c.poll(Duration.ofMillis(1));
        }
        if (failure.get() != null) throw new IllegalStateException("a commit failed", failure.get());
        return done.get() / ((System.nanoTime() - start) / 1e9);
    }

    static long sync(KafkaConsumer<byte[], byte[]> c, List<TopicPartition> all, double seconds, List<Long> latencies) {
        long start = System.nanoTime(), done = 0;
        while (System.nanoTime() - start < seconds * 1e9) {
            long before = System.nanoTime();
            c.commitSync(offsets(all, done++));
            if (latencies != null) latencies.add(System.nanoTime() - before);
        }
        return done;
    }

    static Map<TopicPartition, OffsetAndMetadata> offsets(List<TopicPartition> all, long number) {
        return Map.of(all.get((int) (number % all.size())), new OffsetAndMetadata(number / all.size() % 2));
    }

    // ---- Runs -----------------------------------------------------------------------------------

    static String oneGroup() throws Exception {
        double rate = Double.parseDouble(arg("rate", "" + 50.0 * partitions));
        Thread load = new Thread(() -> load(rate), "load");
        load.start();
        String[] once = arg("events", "join,leave,lose,join").split(",");
        int rounds = number("rounds", 3), count = number("members", 3);
        losesAhead = rounds * Collections.frequency(Arrays.asList(once), "lose");
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) hire();
        long assembled = awaitSettled(start);
        unsettled |= assembled < 0;
        say(count + " members read all partitions after " + millis(assembled) + " ms");
        for (int round = 0; round < rounds; round++) for (String event : once) perform(event.strip());
        stopping = true;
        load.join();
        gone.addAll(members);
        members.clear();
        long failedCommits = 0;
        for (Member m : gone) { m.ending = true; }
        for (Member m : gone) { m.thread.join(); failedCommits += m.failedCommits.get(); }
        StringBuilder kinds = new StringBuilder();
        byEvent.forEach((event, columns) -> {
            kinds.append(kinds.length() == 0 ? "" : ",").append("\"" + event + "\":{\"events\":" + columns.get("members").size());
            for (String each : COLUMNS) kinds.append(",\"" + each + "_ms\":" + spread(columns.getOrDefault(each, new ArrayList<>())));
            kinds.append("}");
        });
        String commits = number("commit-seconds", 0) > 0 ? ",\"commits\":" + commitRate(number("commit-seconds", 0)) : "";
        return String.format("\"records\":%d,\"errors\":%d,\"first_error\":%s,\"repeated\":%d,\"missed\":%d,\"failed_commits\":%d,\"producer_retries\":%d,\"assembled_ms\":%s,\"by_event\":{%s},\"events\":[%s]%s",
            records.get(), unsettled || missed.get() > 0 || firstError.get() != null ? 1 : 0, firstError.get() == null ? "null" : "\"" + firstError.get().replaceAll("[\"\\\\]", "'") + "\"",
            repeated.get(), missed.get(), failedCommits, retries.get(), millis(assembled), kinds, String.join(",", outcomes), commits);
    }

    static String manyGroups(int groups) throws Exception {
        long start = System.nanoTime();
        for (int i = 0; i < groups; i++) {
            Member m = new Member(NAME + "-" + i, null, true, "group-" + i);
            members.add(m);
            m.thread.start();
        }
        List<Member> waiting = new ArrayList<>(members);
        List<Long> each = new ArrayList<>();
        while (!waiting.isEmpty()) {
            long now = System.nanoTime();
            waiting.removeIf(m -> {
                boolean has = m.held.size() == partitions;
                if (has) each.add(now - start);
                return has;
            });
            look();
            if (now - start > 180e9) throw new IllegalStateException(waiting.size() + " groups have not formed");
        }
        long assembled = System.nanoTime() - start;
        rest(3_000_000_000L);
        double before = 0, after = 0;
        for (Member m : members) before += m.requests();
        long from = System.currentTimeMillis(), fromNanos = System.nanoTime();
        rest(number("seconds", 30) * 1_000_000_000L);
        long to = System.currentTimeMillis();
        for (Member m : members) after += m.requests();
        double perSecond = (after - before) / ((System.nanoTime() - fromNanos) / 1e9);
        long ending = System.nanoTime();
        for (Member m : members) m.ending = true;
        for (Member m : members) m.thread.join();
        return String.format(Locale.ROOT, "\"records\":0,\"errors\":0,\"groups\":%d,\"assigned_ms\":%s,\"each_assigned_ms\":%s,\"steady_from_ms\":%d,\"steady_to_ms\":%d,\"steady_requests_per_s\":%.3f,\"left_ms\":%s",
            groups, millis(assembled), spread(each), from, to, perSecond, millis(System.nanoTime() - ending));
    }

    public static void main(String[] a) throws Exception {
        for (String each : a) ARGS.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
        bootstrap = arg("bootstrap", "127.0.0.1:9092");
        protocol = arg("protocol", "cooperative");
        partitions = number("partitions", 12);
        sessionMillis = number("session", 6000);
        commitNanos = number("commit-every", 200) * 1_000_000L;
        deliveries = new Pauses[partitions];
        next = new AtomicLong[partitions];
        for (int i = 0; i < partitions; i++) { deliveries[i] = new Pauses(); next[i] = new AtomicLong(); }
        Properties p = new Properties();
        p.put("bootstrap.servers", bootstrap);
        admin = Admin.create(p);
        admin.createTopics(List.of(new NewTopic(NAME, partitions, (short) number("replicas", 1)))).all().get();
        while (admin.describeTopics(List.of(NAME)).allTopicNames().get().get(NAME).partitions().size() < partitions) LockSupport.parkNanos(5_000_000);
        int groups = number("groups", 0);
        String result;
        try {
            result = groups > 0 ? manyGroups(groups) : oneGroup();
        } finally {
            stopping = true;
            for (Member m : members) m.ending = true;
            admin.deleteTopics(List.of(NAME)).all().get();
        }
        admin.close();
        System.out.println(String.format("{\"bench\":\"group\",%s,\"conditions\":{\"topic\":\"%s\",\"partitions\":%d,\"protocol\":\"%s\",\"members\":%d,\"session_timeout_ms\":%d}}",
            result, NAME, partitions, protocol, number("members", 3), sessionMillis));
        System.out.flush();
        System.exit(unsettled ? 1 : 0);
    }
}
