package io.millrace.cli;

import io.millrace.client.Admin;
import io.millrace.client.AdminSettings;
import io.millrace.client.Broker;
import io.millrace.client.ClusterDescription;
import io.millrace.client.CommittedOffset;
import io.millrace.client.CompactResult;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.DrainResult;
import io.millrace.client.ElectionKind;
import io.millrace.client.ElectionResult;
import io.millrace.client.Explanation;
import io.millrace.client.Finding;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupListing;
import io.millrace.client.ListedOffset;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetSpec;
import io.millrace.client.PartitionInfo;
import io.millrace.client.Producer;
import io.millrace.client.ProducerSettings;
import io.millrace.client.SettingDescription;
import io.millrace.client.TopicChange;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.client.TopicPartition;
import io.millrace.client.TrimResult;
import io.millrace.client.TrimSpec;
import io.millrace.client.errors.InvalidRequestException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TopicExistsException;
import io.millrace.client.errors.UnknownGroupException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.errors.UnsupportedFeatureException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A cluster of one broker in memory, behind the client's interfaces. Records: any thread. */
final class PretendCluster implements ClientFactory {
  final Map<String, List<List<ConsumerRecord<ByteBuffer, ByteBuffer>>>> topics = new TreeMap<>();
  final List<ProducerSettings> producers = new ArrayList<>();
  final List<ConsumerSettings> consumers = new ArrayList<>();
  final List<AdminSettings> admins = new ArrayList<>();

  /** What becomes of a record instead of success, by its value. */
  Function<byte[], @Nullable MillraceException> fate = value -> null;

  /** How often a record is written; 0 is a cluster that lies. */
  ToIntFunction<byte[]> copies = value -> 1;

  /** Where partitions begin that do not begin at 0. */
  final Map<TopicPartition, Long> starts = new HashMap<>();

  final List<TopicChange> changes = new ArrayList<>();
  final List<CompactResult> compactResults = new ArrayList<>();
  final List<Integer> compactedPartitions = new ArrayList<>();
  boolean describesSettings = true;

  private static final List<SettingDescription> SETTINGS =
      List.of(
          new SettingDescription(
              "durability",
              "leader",
              "standard",
              SettingDescription.Source.TOPIC,
              "none to synced",
              "what an acknowledgement means",
              true),
          new SettingDescription(
              "retention.ms",
              "604800000",
              "604800000",
              SettingDescription.Source.BUILT_IN,
              "ms",
              "how long records stay",
              true));

  private List<SettingDescription> settings() {
    List<SettingDescription> settings = new ArrayList<>(SETTINGS);
    if (minInSync > 0) {
      settings.add(
          new SettingDescription(
              "min.in.sync",
              String.valueOf(minInSync),
              "2",
              SettingDescription.Source.TOPIC,
              "1 to 100 replicas",
              "how many must be in sync",
              true));
    }
    return settings;
  }

  /** What every call fails with. */
  @Nullable MillraceException broken;

  int offline;

  /** Of every partition, the last {@link #offline} ones aside. */
  List<Integer> inSync = List.of(1);

  List<Integer> replicas = List.of(1);
  List<Integer> eligible = List.of();
  String lastChange = "";
  String possibleLoss = "";
  int belowMinimum;

  /** As topics set it; 0: they do not. */
  int minInSync;

  List<Finding> findings =
      List.of(
          new Finding(
              "led", Finding.Severity.FINE, "broker 1 leads", "", OptionalLong.of(1_000_000)));

  final Map<String, GroupDescription> groups = new TreeMap<>();

  /** By group. */
  final Map<String, Map<TopicPartition, CommittedOffset>> resets = new TreeMap<>();

  /** What was asked for, in words. */
  final List<String> elections = new ArrayList<>();

  ElectionResult elected = new ElectionResult.Settled(OptionalInt.of(1), 4, "broker 1 was elected");
  final List<String> drains = new ArrayList<>();
  DrainResult drained = new DrainResult(4, List.of());
  long wallMillis = 1_000;

  List<ConsumerRecord<ByteBuffer, ByteBuffer>> partition(String topic, int number) {
    return partitions(topic).get(number);
  }

  PretendCluster with(String topic, int partitions) {
    topics.put(
        topic,
        IntStream.range(0, partitions)
            .<List<ConsumerRecord<ByteBuffer, ByteBuffer>>>mapToObj(i -> new ArrayList<>())
            .collect(Collectors.toCollection(ArrayList::new)));
    return this;
  }

  List<List<ConsumerRecord<ByteBuffer, ByteBuffer>>> partitions(String topic) {
    fail();
    List<List<ConsumerRecord<ByteBuffer, ByteBuffer>>> found = topics.get(topic);
    if (found == null) {
      throw new UnknownTopicException(topic, "there is no topic " + topic);
    }
    return found;
  }

  void fail() {
    if (broken != null) {
      throw broken;
    }
  }

  TopicDescription describe(String topic) {
    int partitions = partitions(topic).size();
    List<PartitionInfo> infos =
        IntStream.range(0, partitions)
            .mapToObj(
                i ->
                    new PartitionInfo(
                        topic,
                        i,
                        i < partitions - offline ? OptionalInt.of(1) : OptionalInt.empty(),
                        3,
                        replicas,
                        inSync,
                        eligible,
                        lastChange,
                        possibleLoss))
            .toList();
    return new TopicDescription(
        topic, topic + "~id", replicas.size(), Map.of("durability", "leader"), infos);
  }

  @Override
  public Admin admin(AdminSettings settings) {
    admins.add(settings);
    return new PretendAdmin();
  }

  @Override
  public Producer<byte[], byte[]> producer(ProducerSettings settings) {
    producers.add(settings);
    return new PretendProducer(this);
  }

  @Override
  public Consumer<ByteBuffer, ByteBuffer> consumer(ConsumerSettings settings) {
    consumers.add(settings);
    return new PretendConsumer(this);
  }

  private static <T> CompletableFuture<T> answer(java.util.function.Supplier<T> work) {
    try {
      return CompletableFuture.completedFuture(work.get());
    } catch (MillraceException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private final class PretendAdmin implements Admin {
    @Override
    public CompletableFuture<TopicDescription> createTopic(NewTopic topic) {
      return answer(
          () -> {
            fail();
            if (topics.containsKey(topic.name())) {
              throw new TopicExistsException("topic " + topic.name() + " exists");
            }
            with(topic.name(), topic.partitions().orElse(1));
            return describe(topic.name());
          });
    }

    @Override
    public CompletableFuture<String> deleteTopic(String name) {
      return answer(
          () -> {
            String id = describe(name).topicId();
            topics.remove(name);
            return id;
          });
    }

    @Override
    public CompletableFuture<Map<String, TopicDescription>> describeTopics(
        Collection<String> names) {
      return answer(
          () -> {
            Map<String, TopicDescription> found = new LinkedHashMap<>();
            names.forEach(name -> found.put(name, describe(name)));
            return found;
          });
    }

    @Override
    public CompletableFuture<List<TopicListing>> listTopics() {
      return answer(
          () -> {
            fail();
            return topics.entrySet().stream()
                .map(e -> new TopicListing(e.getKey(), e.getKey() + "~id", e.getValue().size(), 1))
                .toList();
          });
    }

    @Override
    public CompletableFuture<ClusterDescription> describeCluster() {
      return answer(
          () -> {
            fail();
            Broker broker = new Broker(1, 5, "127.0.0.1", 7272, "", "0.1.0");
            int partitions = topics.values().stream().mapToInt(List::size).sum();
            return new ClusterDescription(
                "c1",
                1,
                List.of(broker),
                topics.size(),
                partitions,
                offline,
                inSync.size() < replicas.size() ? partitions : 0,
                belowMinimum,
                Map.of(1, 4),
                false);
          });
    }

    @Override
    public CompletableFuture<Map<TopicPartition, ListedOffset>> listOffsets(
        Map<TopicPartition, OffsetSpec> partitions) {
      return answer(
          () -> {
            Map<TopicPartition, ListedOffset> found = new LinkedHashMap<>();
            partitions.forEach(
                (at, spec) ->
                    found.put(at, new ListedOffset(offset(at, spec), OptionalLong.empty(), 3)));
            return found;
          });
    }

    private OptionalLong offset(TopicPartition at, OffsetSpec spec) {
      List<ConsumerRecord<ByteBuffer, ByteBuffer>> log = partition(at.topic(), at.partition());
      if (spec instanceof OffsetSpec.ForTimestamp time) {
        return log.stream()
            .filter(record -> record.timestamp() >= time.timestamp())
            .mapToLong(ConsumerRecord::offset)
            .findFirst();
      }
      return OptionalLong.of(
          spec instanceof OffsetSpec.Latest ? log.size() : starts.getOrDefault(at, 0L));
    }

    @Override
    public CompletableFuture<TopicDescription> alterTopic(TopicChange change) {
      return answer(
          () -> {
            changes.add(change);
            List<?> before = partitions(change.name());
            int wanted = change.partitions().orElse(before.size());
            if (wanted < before.size()) {
              throw new InvalidRequestException("partitions can only be added");
            }
            while (!change.validateOnly() && before.size() < wanted) {
              partitions(change.name()).add(new ArrayList<>());
            }
            return describe(change.name());
          });
    }

    @Override
    public CompletableFuture<Map<TopicPartition, TrimResult>> trim(
        Map<TopicPartition, TrimSpec> partitions) {
      Map<TopicPartition, TrimResult> results = new LinkedHashMap<>();
      partitions.forEach((at, spec) -> results.put(at, trim(at, spec)));
      return CompletableFuture.completedFuture(results);
    }

    @Override
    public CompletableFuture<List<CompactResult>> compactTopic(
        String name, Collection<Integer> partitions, Duration timeout) {
      return answer(
          () -> {
            describe(name);
            compactedPartitions.addAll(partitions);
            return List.copyOf(compactResults);
          });
    }

    private TrimResult trim(TopicPartition at, TrimSpec spec) {
      long end = partition(at.topic(), at.partition()).size();
      long before = spec instanceof TrimSpec.Before wanted ? wanted.offset() : end;
      if (before > end) {
        return new TrimResult.Failed(
            new InvalidRequestException(at + ": OFFSET_OUT_OF_RANGE: the end is " + end));
      }
      starts.merge(at, before, Math::max);
      return new TrimResult.Trimmed(starts.getOrDefault(at, 0L), 3);
    }

    @Override
    public CompletableFuture<Map<String, List<SettingDescription>>> describeTopicSettings(
        Collection<String> names) {
      return answer(
          () -> {
            if (!describesSettings) {
              throw new UnsupportedFeatureException("api 26 is not known");
            }
            Map<String, List<SettingDescription>> found = new LinkedHashMap<>();
            names.forEach(name -> found.put(name, settings()));
            return found;
          });
    }

    @Override
    public CompletableFuture<List<SettingDescription>> describeBrokerSettings(int brokerId) {
      return answer(() -> SETTINGS);
    }

    @Override
    public CompletableFuture<Explanation> explainPartition(TopicPartition partition) {
      return answer(
          () -> {
            partition(partition.topic(), partition.partition());
            return new Explanation(1, findings);
          });
    }

    @Override
    public CompletableFuture<Explanation> explainBroker(int brokerId) {
      return answer(() -> new Explanation(brokerId, findings));
    }

    @Override
    public CompletableFuture<Map<TopicPartition, ElectionResult>> electLeaders(
        String topic, Collection<Integer> partitions, ElectionKind kind) {
      return answer(
          () -> {
            elections.add(topic + " " + partitions + " " + kind);
            Map<TopicPartition, ElectionResult> results = new LinkedHashMap<>();
            partitions.forEach(each -> results.put(new TopicPartition(topic, each), elected));
            return results;
          });
    }

    @Override
    public CompletableFuture<List<GroupListing>> listGroups() {
      return answer(
          () ->
              groups.values().stream()
                  .map(
                      each -> new GroupListing(each.groupId(), each.state(), each.members().size()))
                  .toList());
    }

    @Override
    public CompletableFuture<GroupDescription> describeGroup(String groupId) {
      return answer(
          () -> {
            GroupDescription found = groups.get(groupId);
            if (found == null) {
              throw new UnknownGroupException("UNKNOWN_GROUP: there is no group " + groupId);
            }
            return found;
          });
    }

    @Override
    public CompletableFuture<Void> resetGroup(
        String groupId, Map<TopicPartition, CommittedOffset> offsets) {
      resets.put(groupId, new TreeMap<>(offsets));
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<DrainResult> drainBroker(int brokerId) {
      return answer(
          () -> {
            drains.add("drain " + brokerId);
            return drained;
          });
    }

    @Override
    public CompletableFuture<Void> cancelDrain(int brokerId) {
      drains.add("cancel " + brokerId);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {}

    @Override
    public void close(Duration timeout) {}
  }
}
