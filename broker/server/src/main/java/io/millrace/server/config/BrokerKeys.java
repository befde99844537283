package io.millrace.server.config;

import io.millrace.coordination.view.ZooKeeperAddress;
import io.millrace.rpc.Endpoint;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Every key a broker knows, in the order of {@code conf/broker.properties}. */
public final class BrokerKeys {
  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;

  static final Key<Integer> BROKER_ID =
      Key.integer(
          "broker.id",
          "",
          1,
          0,
          1_000_000,
          "Names this broker in the cluster; must differ from every other broker's, and stay.");

  static final Key<String> BROKER_RACK =
      Key.text(
          "broker.rack",
          "",
          100,
          true,
          "Where the machine stands, so that replicas can be spread over places that fail apart.");

  static final Key<String> DATA_DIRECTORY =
      Key.text(
          "data.directory",
          "data",
          4096,
          false,
          "Holds the records; one per broker, on a disk of its own where throughput counts.");

  static final Key<Boolean> DATA_DIRECTORY_NEW =
      Key.flag(
          "data.directory.new",
          false,
          "Set for one start when the directory that this broker id had before is gone for good and"
              + " an empty one takes its place: what only the old one held is lost then.");

  static final Key<ZooKeeperAddress> CLUSTER =
      Key.zooKeeper(
          "cluster",
          "127.0.0.1:2181/millrace",
          "The ZooKeeper servers, and the path in them that the cluster lives under.");

  static final Key<Integer> CLUSTER_SESSION_TIMEOUT =
      Key.integer(
          "cluster.session.timeout.ms",
          "ms",
          6_000,
          500,
          120_000,
          "After so long without contact ZooKeeper takes this broker for dead. At least two of"
              + " ZooKeeper's ticks.");

  static final Key<Integer> CLUSTER_CONNECT_TIMEOUT =
      Key.integer(
          "cluster.connect.timeout.ms",
          "ms",
          15_000,
          100,
          300_000,
          "How long a start waits for ZooKeeper before it gives up.");

  static final Key<Endpoint> LISTENER_CLIENT =
      Key.address(
          "listener.client",
          "127.0.0.1:7272",
          "Where producers and consumers connect. Port 0: any.");

  static final Key<Optional<Endpoint>> LISTENER_CLIENT_ADVERTISED =
      Key.optionalAddress(
          "listener.client.advertised",
          "The address clients are told, when it is not the one listened on. Port 0: the port"
              + " listened on.");

  static final Key<Endpoint> LISTENER_INTERNAL =
      Key.address(
          "listener.internal", "127.0.0.1:7273", "Where other brokers connect. Port 0: any.");

  static final Key<Optional<Endpoint>> LISTENER_INTERNAL_ADVERTISED =
      Key.optionalAddress(
          "listener.internal.advertised",
          "The address brokers are told, when it is not the one listened on. Port 0: the port"
              + " listened on.");

  static final Key<Optional<Endpoint>> LISTENER_METRICS =
      Key.optionalAddress(
          "listener.metrics",
          "127.0.0.1:7274",
          "host:port, IPv6 in brackets, port 0 to 65535; or nothing",
          "Where monitoring asks over HTTP: /metrics, /health/live, /health/ready, /version. Port"
              + " 0: any; nothing: off.");

  static final Key<Boolean> INSECURE =
      Key.flag(
          "insecure",
          false,
          "Must be true to listen beyond this machine without authentication: whoever reaches the"
              + " port may read and write everything.");

  static final Key<Boolean> AUTO_CREATE_TOPICS =
      Key.flag(
          "auto.create.topics",
          false,
          "Create a topic when somebody produces to a name that does not exist. A typing error then"
              + " makes a topic.");

  static final Key<Integer> TOPIC_PARTITIONS =
      Key.integer(
          "topic.partitions",
          "partitions",
          1,
          1,
          10_000,
          "What a new topic gets when its creator does not say.");

  static final Key<Integer> TOPIC_CHANGES_PER_SECOND =
      Key.integer(
          "topic.changes.per.second",
          "partitions",
          200,
          1,
          1_000_000,
          "What one address may create, add and delete; what it has not used in the last minute it"
              + " may use at once. Who goes beyond is told to wait.");

  static final Key<Integer> PRODUCER_IDS_PER_SECOND =
      Key.integer(
          "producer.ids.per.second",
          "ids",
          100,
          1,
          1_000_000,
          "How many producers one address may begin; what it has not used in the last minute it may"
              + " use at once. Who goes beyond is told to wait.");

  static final Key<Integer> CONNECTIONS_MAX =
      Key.integer(
          "connections.max",
          "connections",
          10_000,
          1,
          1_000_000,
          "More are closed at once. Each takes a file handle.");

  static final Key<Integer> CONNECTIONS_PER_ADDRESS_MAX =
      Key.integer(
          "connections.per.address.max",
          "connections",
          2_000,
          1,
          1_000_000,
          "From one address, so that no machine takes all of them. A client has one to each broker it"
              + " talks to, and one more with broker://.");

  static final Key<Integer> REQUEST_MAX_BYTES =
      Key.integer(
          "request.max.bytes",
          "bytes",
          64 * MIB,
          2 * MIB,
          1024 * MIB,
          "A longer request closes its connection before it is read.");

  static final Key<Integer> REQUEST_PARTITIONS_MAX =
      Key.integer(
          "request.partitions.max",
          "partitions",
          10_000,
          1,
          100_000,
          "A request that names more is refused.");

  static final Key<Integer> REQUEST_TIMEOUT =
      Key.integer(
          "request.timeout.ms",
          "ms",
          120_000,
          100,
          3_600_000,
          "The longest a request may be waited for, whatever its sender asks.");

  static final Key<Integer> REQUESTS_IN_FLIGHT_MAX =
      Key.integer(
          "requests.in.flight.max",
          "requests",
          100,
          1,
          10_000,
          "Unanswered requests per connection; reading stops there until answers have gone out.");

  static final Key<Integer> REQUESTS_IN_FLIGHT_BYTES =
      Key.integer(
          "requests.in.flight.bytes",
          "bytes",
          32 * MIB,
          64 * KIB,
          1024 * MIB,
          "Bytes of unanswered requests per connection, likewise; one request is always taken.");

  static final Key<Integer> FETCH_MAX_BYTES =
      Key.integer(
          "fetch.max.bytes",
          "bytes",
          64 * MIB,
          64 * KIB,
          1024 * MIB,
          "Bounds every fetch answer, whatever its request allows.");

  static final Key<Integer> FETCH_MAX_WAIT =
      Key.integer(
          "fetch.max.wait.ms",
          "ms",
          60_000,
          100,
          600_000,
          "The longest a fetch may wait for records, whatever its request allows.");

  static final Key<Integer> REPLICA_FETCH_MAX_BYTES =
      Key.integer(
          "replica.fetch.max.bytes",
          "bytes",
          8 * MIB,
          64 * KIB,
          256 * MIB,
          "What this broker takes at once from one that it follows, and how much memory that may"
              + " need: so much for each broker followed. A larger batch comes alone.");

  static final Key<Integer> SUSPICION_MIN =
      Key.integer(
          "suspicion.min.ms",
          "ms",
          100,
          50,
          60_000,
          "A broker that leads and is silent for so long is suspected, and its partitions get other"
              + " leaders. Where answers are less regular the time is longer by itself.");

  static final Key<Integer> SUSPICION_MAX =
      Key.integer(
          "suspicion.max.ms",
          "ms",
          2_000,
          50,
          60_000,
          "The longest silence that is put up with, however irregular answers are. Not less than"
              + " suspicion.min.ms.");

  static final Key<Integer> FLUSH_INTERVAL =
      Key.integer(
          "flush.interval.ms",
          "ms",
          1_000,
          50,
          60_000,
          "What no producer waits for reaches the disk within this time: the most that a power loss"
              + " can take from records acknowledged at level leader.");

  static final Key<Integer> CHECKPOINT_INTERVAL =
      Key.integer(
          "checkpoint.interval.ms",
          "ms",
          5_000,
          100,
          600_000,
          "How often the recovery points are written down. Recovery after a crash reads what was"
              + " appended since.");

  static final Key<Integer> SCRUB_INTERVAL =
      Key.integer(
          "scrub.interval.ms",
          "ms",
          604_800_000,
          0,
          Integer.MAX_VALUE,
          "All that is stored is read again once in this time, slowly and past the page cache, to"
              + " find bytes that have changed on the disk while other replicas have them whole. 0:"
              + " never.");

  static final Key<Integer> COMPACTION_INTERVAL =
      Key.integer(
          "compaction.interval.ms",
          "ms",
          10_000,
          50,
          86_400_000,
          "How often it is looked whether a partition is to be compacted. While there is work, one"
              + " pass follows the other.");

  static final Key<Long> COMPACTION_MEMORY =
      Key.longInteger(
          "compaction.memory.bytes",
          "bytes",
          32L << 20,
          1L << 20,
          1L << 30,
          "The most memory that compaction takes for keys, 32 bytes each: 32 MiB hold about"
              + " 800,000. A partition that has more new ones is compacted in several passes.");

  static final Key<Long> COMPACTION_RATE =
      Key.longInteger(
          "compaction.bytes.per.second",
          "bytes",
          64L << 20,
          1L << 16,
          1L << 40,
          "The most that compaction reads in a second, so that it takes no disk from producers and"
              + " consumers.");

  static final Key<Long> GROUP_RETENTION =
      Key.longInteger(
          "group.retention.ms",
          "ms",
          604_800_000L,
          1_000,
          Long.MAX_VALUE,
          "How long the committed offsets of a group are kept once it has no members, counted from"
              + " when the last one went, or from a later commit or reset.");

  static final Key<Integer> GROUP_REPLICAS =
      Key.integer(
          "group.replicas",
          "replicas",
          3,
          1,
          100,
          "Replicas of the topic that keeps consumer groups, which is made when a group is first used"
              + " in a cluster, and keeps them. While fewer brokers are there it is waited for: 10"
              + " seconds, a minute if others are known.");

  static final Key<Integer> LOOP_THREADS =
      Key.integer(
          "threads.loops",
          "threads",
          0,
          0,
          256,
          "Threads that own connections and partitions. 0: one for each processor.");

  private static final List<Key<?>> OWN =
      List.of(
          BROKER_ID,
          BROKER_RACK,
          DATA_DIRECTORY,
          DATA_DIRECTORY_NEW,
          CLUSTER,
          CLUSTER_SESSION_TIMEOUT,
          CLUSTER_CONNECT_TIMEOUT,
          LISTENER_CLIENT,
          LISTENER_CLIENT_ADVERTISED,
          LISTENER_INTERNAL,
          LISTENER_INTERNAL_ADVERTISED,
          LISTENER_METRICS,
          INSECURE,
          AUTO_CREATE_TOPICS,
          TOPIC_PARTITIONS,
          TOPIC_CHANGES_PER_SECOND,
          PRODUCER_IDS_PER_SECOND,
          CONNECTIONS_MAX,
          CONNECTIONS_PER_ADDRESS_MAX,
          REQUEST_MAX_BYTES,
          REQUEST_PARTITIONS_MAX,
          REQUEST_TIMEOUT,
          REQUESTS_IN_FLIGHT_MAX,
          REQUESTS_IN_FLIGHT_BYTES,
          FETCH_MAX_BYTES,
          FETCH_MAX_WAIT,
          REPLICA_FETCH_MAX_BYTES,
          SUSPICION_MIN,
          SUSPICION_MAX,
          FLUSH_INTERVAL,
          CHECKPOINT_INTERVAL,
          SCRUB_INTERVAL,
          COMPACTION_INTERVAL,
          COMPACTION_MEMORY,
          COMPACTION_RATE,
          GROUP_RETENTION,
          GROUP_REPLICAS,
          LOOP_THREADS);

  /** Those of topics last: they are many, and seldom changed. */
  private static final List<Key<?>> ALL =
      Stream.concat(OWN.stream(), TopicKeys.all().stream().map(Key::asTopicDefault)).toList();

  private BrokerKeys() {}

  public static List<Key<?>> all() {
    return ALL;
  }
}
