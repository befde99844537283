package io.millrace.client;

import io.millrace.client.cluster.BrokerCall;
import io.millrace.client.cluster.BrokerErrors;
import io.millrace.client.cluster.CompactCall;
import io.millrace.client.cluster.Descriptions;
import io.millrace.client.cluster.Done;
import io.millrace.client.cluster.ExplainCall;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.cluster.TrimCall;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.ProtocolException;
import io.millrace.client.group.GroupQuestions;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.AlterTopicRequest;
import io.millrace.wire.v1.CreateTopicRequest;
import io.millrace.wire.v1.DeleteTopicRequest;
import io.millrace.wire.v1.DescribeClusterRequest;
import io.millrace.wire.v1.DescribeSettingsRequest;
import io.millrace.wire.v1.DescribeTopicsRequest;
import io.millrace.wire.v1.DrainBrokerRequest;
import io.millrace.wire.v1.ElectLeadersRequest;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.ListTopicsRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.SettingsDescription;
import io.millrace.wire.v1.TopicInfo;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The admin client: each call is a request that any broker, or each leader, answers. */
final class AdminClient implements Admin {
  private static final int MAX_RESPONSE_BYTES = 64 << 20;

  private final ClientRuntime runtime;
  private final Duration callTimeout;

  // On the loop: how to end what is under way.
  private final Set<Runnable> endings = new LinkedHashSet<>();
  private @Nullable Timer limit;
  private boolean draining;

  AdminClient(AdminSettings settings, ClientRuntime runtime) {
    this.runtime = runtime;
    this.callTimeout = settings.defaultApiTimeout();
    runtime.loop().execute(runtime.cluster()::start);
  }

  static Admin start(AdminSettings settings) {
    return new AdminClient(settings, ClientRuntime.start(settings, MAX_RESPONSE_BYTES));
  }

  // ---- Calls -----------------------------------------------------------------------------------

  @Override
  public CompletableFuture<TopicDescription> createTopic(NewTopic topic) {
    CreateTopicRequest.Builder create =
        CreateTopicRequest.newBuilder()
            .setName(topic.name())
            .putAllSettings(topic.settings())
            .setValidateOnly(topic.validateOnly());
    topic.partitions().ifPresent(create::setPartitions);
    topic.replicationFactor().ifPresent(create::setReplicationFactor);
    return ask(
        () -> Request.newBuilder().setCreateTopic(create),
        topic.validateOnly(),
        topic.name(),
        response -> Descriptions.topic(response.getCreateTopic().getTopic()));
  }

  @Override
  public CompletableFuture<String> deleteTopic(String name) {
    DeleteTopicRequest.Builder delete = DeleteTopicRequest.newBuilder().setName(name);
    return ask(
        () -> Request.newBuilder().setDeleteTopic(delete),
        false,
        name,
        response -> response.getDeleteTopic().getTopicId());
  }

  @Override
  public CompletableFuture<TopicDescription> alterTopic(TopicChange change) {
    AlterTopicRequest.Builder alter =
        AlterTopicRequest.newBuilder()
            .setName(change.name())
            .setTopicId(change.topicId().orElse(""))
            .putAllSet(change.set())
            .addAllUnset(change.unset())
            .setValidateOnly(change.validateOnly());
    change.partitions().ifPresent(alter::setPartitions);
    change.replicas().ifPresent(alter::setReplicationFactor);
    return ask(
        () -> Request.newBuilder().setAlterTopic(alter),
        change.validateOnly(),
        change.name(),
        response -> Descriptions.topic(response.getAlterTopic().getTopic()));
  }

  @Override
  public CompletableFuture<Map<String, TopicDescription>> describeTopics(Collection<String> names) {
    List<String> asked = List.copyOf(new LinkedHashSet<>(names));
    DescribeTopicsRequest.Builder describe = DescribeTopicsRequest.newBuilder().addAllNames(asked);
    return ask(
        () -> Request.newBuilder().setDescribeTopics(describe),
        true,
        asked.size() == 1 ? asked.get(0) : "",
        response -> described(asked, response.getDescribeTopics().getTopicsList()));
  }

  private static Map<String, TopicDescription> described(
      List<String> asked, List<TopicInfo> topics) {
    Map<String, TopicDescription> described = new LinkedHashMap<>();
    for (int i = 0; i < asked.size(); i++) {
      if (i >= topics.size() || !topics.get(i).getName().equals(asked.get(i))) {
        throw new ProtocolException("the answer does not describe topic " + asked.get(i));
      }
      TopicInfo info = topics.get(i);
      if (info.hasError()) {
        throw BrokerErrors.exception(info.getError(), info.getName(), -1);
      }
      described.put(info.getName(), Descriptions.topic(info));
    }
    return described;
  }

  @Override
  public CompletableFuture<List<TopicListing>> listTopics() {
    return ask(
        () -> Request.newBuilder().setListTopics(ListTopicsRequest.getDefaultInstance()),
        true,
        "",
        response ->
            response.getListTopics().getTopicsList().stream()
                .map(Descriptions::listing)
                .sorted(Comparator.comparing(TopicListing::name))
                .toList());
  }

  @Override
  public CompletableFuture<ClusterDescription> describeCluster() {
    return ask(
        () -> Request.newBuilder().setDescribeCluster(DescribeClusterRequest.getDefaultInstance()),
        true,
        "",
        response -> Descriptions.cluster(response.getDescribeCluster()));
  }

  @Override
  public CompletableFuture<Map<String, List<SettingDescription>>> describeTopicSettings(
      Collection<String> names) {
    List<String> asked = List.copyOf(new LinkedHashSet<>(names));
    DescribeSettingsRequest.Builder describe =
        DescribeSettingsRequest.newBuilder().addAllTopics(asked);
    return ask(
        () -> Request.newBuilder().setDescribeSettings(describe),
        true,
        asked.size() == 1 ? asked.get(0) : "",
        response -> {
          Map<String, List<SettingDescription>> described = new LinkedHashMap<>();
          for (String name : asked) {
            described.put(name, settings(name, response));
          }
          return described;
        });
  }

  @Override
  public CompletableFuture<List<SettingDescription>> describeBrokerSettings(int brokerId) {
    DescribeSettingsRequest.Builder describe = DescribeSettingsRequest.newBuilder().setBroker(true);
    return askBroker(
        brokerId,
        Request.newBuilder().setDescribeSettings(describe),
        response -> settings("", response));
  }

  @Override
  public CompletableFuture<Explanation> explainPartition(TopicPartition partition) {
    return start(
        done -> ExplainCall.start(runtime.cluster(), partition, callTimeout.toNanos(), done));
  }

  @Override
  public CompletableFuture<Explanation> explainBroker(int brokerId) {
    return askBroker(
        brokerId,
        Request.newBuilder().setExplain(ExplainRequest.getDefaultInstance()),
        response -> Descriptions.explanation(brokerId, response.getExplain()));
  }

  @Override
  public CompletableFuture<Map<TopicPartition, ElectionResult>> electLeaders(
      String topic, Collection<Integer> partitions, ElectionKind kind) {
    ElectLeadersRequest.Builder elect =
        ElectLeadersRequest.newBuilder()
            .setTopic(topic)
            .addAllPartitions(new LinkedHashSet<>(partitions))
            .setKind(
                switch (kind) {
                  case PREFERRED -> io.millrace.wire.v1.ElectionKind.PREFERRED;
                  case UNCLEAN -> io.millrace.wire.v1.ElectionKind.UNCLEAN;
                });
    // Asked again it finds the leader that the first time has made.
    return ask(
        () -> Request.newBuilder().setElectLeaders(elect),
        true,
        topic,
        response -> Descriptions.elections(topic, response.getElectLeaders()));
  }

  @Override
  public CompletableFuture<DrainResult> drainBroker(int brokerId) {
    return askBroker(
        brokerId,
        drainRequest(brokerId, false),
        response -> Descriptions.drain(response.getDrainBroker()));
  }

  @Override
  public CompletableFuture<Void> cancelDrain(int brokerId) {
    return askBroker(brokerId, drainRequest(brokerId, true), Response::getDrainBroker)
        .thenApply(response -> null);
  }

  private static Request.Builder drainRequest(int brokerId, boolean cancel) {
    return Request.newBuilder()
        .setDrainBroker(DrainBrokerRequest.newBuilder().setBrokerId(brokerId).setCancel(cancel));
  }

  /** Of that broker and no other, what may be asked twice. */
  private <T> CompletableFuture<T> askBroker(
      int brokerId, Request.Builder request, Function<Response, T> reader) {
    return start(
        done -> {
          BrokerCall call =
              BrokerCall.startAt(
                  brokerId,
                  runtime.cluster(),
                  () -> request.clone(),
                  callTimeout.toNanos(),
                  (response, e) -> read(response, e, reader, done));
          return call::close;
        });
  }

  /** Of that topic; of the broker when it is empty. */
  private static List<SettingDescription> settings(String topic, Response response) {
    for (SettingsDescription each : response.getDescribeSettings().getDescribedList()) {
      if (each.getTopic().equals(topic)) {
        if (each.hasError()) {
          throw BrokerErrors.exception(each.getError(), topic, -1);
        }
        return Descriptions.settings(each);
      }
    }
    String what = topic.isEmpty() ? "the broker" : "topic " + topic;
    throw new ProtocolException("the answer does not describe the settings of " + what);
  }

  @Override
  public CompletableFuture<Map<TopicPartition, TrimResult>> trim(
      Map<TopicPartition, TrimSpec> partitions) {
    Map<TopicPartition, TrimSpec> asked = new LinkedHashMap<>(partitions);
    return start(done -> TrimCall.start(runtime.cluster(), asked, callTimeout.toNanos(), done));
  }

  @Override
  public CompletableFuture<List<CompactResult>> compactTopic(
      String name, Collection<Integer> partitions, Duration timeout) {
    List<Integer> asked = List.copyOf(partitions);
    long nanos = ClientRuntime.nanos(timeout);
    long describeNanos = Math.min(nanos, callTimeout.toNanos());
    return start(
        done -> CompactCall.start(runtime.cluster(), name, asked, describeNanos, nanos, done));
  }

  @Override
  public CompletableFuture<Map<TopicPartition, ListedOffset>> listOffsets(
      Map<TopicPartition, OffsetSpec> partitions) {
    Map<TopicPartition, OffsetSpec> asked = new LinkedHashMap<>(partitions);
    return start(
        done -> {
          OffsetLookup lookup =
              OffsetLookup.start(runtime.cluster(), asked, callTimeout.toNanos(), done);
          return lookup::close;
        });
  }

  @Override
  public CompletableFuture<List<GroupListing>> listGroups() {
    return start(done -> GroupQuestions.list(runtime.cluster(), callTimeout.toNanos(), done));
  }

  @Override
  public CompletableFuture<GroupDescription> describeGroup(String groupId) {
    return start(
        done -> GroupQuestions.describe(runtime.cluster(), groupId, callTimeout.toNanos(), done));
  }

  @Override
  public CompletableFuture<Explanation> explainGroup(String groupId) {
    return start(
        done -> GroupQuestions.explain(runtime.cluster(), groupId, callTimeout.toNanos(), done));
  }

  @Override
  public CompletableFuture<Void> deleteGroup(String groupId) {
    return this.<Boolean>start(
            done -> GroupQuestions.delete(runtime.cluster(), groupId, callTimeout.toNanos(), done))
        .thenApply(deleted -> null);
  }

  @Override
  public CompletableFuture<Void> resetGroup(
      String groupId, Map<TopicPartition, CommittedOffset> offsets) {
    Map<TopicPartition, CommittedOffset> wanted = Map.copyOf(offsets);
    return this.<Boolean>start(
            done ->
                GroupQuestions.reset(
                    runtime.cluster(), groupId, wanted, callTimeout.toNanos(), done))
        .thenApply(reset -> null);
  }

  private <T> CompletableFuture<T> ask(
      Supplier<Request.Builder> request,
      boolean repeatable,
      String topic,
      Function<Response, T> reader) {
    return start(
        done -> {
          BrokerCall call =
              BrokerCall.start(
                  runtime.cluster(),
                  request,
                  repeatable,
                  topic,
                  callTimeout.toNanos(),
                  (response, e) -> read(response, e, reader, done));
          return call::close;
        });
  }

  private static <T> void read(
      @Nullable Response response,
      @Nullable MillraceException e,
      Function<Response, T> reader,
      Done<T> done) {
    if (response == null) {
      done.done(null, e);
      return;
    }
    T result;
    try {
      result = reader.apply(response);
    } catch (MillraceException wrong) {
      done.done(null, wrong);
      return;
    }
    done.done(result, null);
  }

  /** Something that can be started on the loop. */
  private interface Starting<T> {
    /** Returns what ends it before its time. */
    Runnable start(Done<T> done);
  }

  private <T> CompletableFuture<T> start(Starting<T> starting) {
    CompletableFuture<T> future = new CompletableFuture<>();
    runtime
        .loop()
        .execute(
            () -> {
              if (draining) {
                future.completeExceptionally(closed());
                return;
              }
              Call<T> call = new Call<>(future);
              Runnable ending = starting.start(call);
              if (!call.done) {
                call.ending = ending;
                endings.add(ending);
              }
            });
    if (runtime.isClosing()) {
      // The loop may have ended before it saw this.
      runtime.onStopped(() -> future.completeExceptionally(closed()));
    }
    return future;
  }

  private static ClosedException closed() {
    return new ClosedException("the admin client has been closed");
  }

  /** One call under way, on the loop. */
  private final class Call<T> implements Done<T> {
    private final CompletableFuture<T> future;
    private boolean done;
    private @Nullable Runnable ending;

    Call(CompletableFuture<T> future) {
      this.future = future;
    }

    @Override
    public void done(@Nullable T result, @Nullable MillraceException error) {
      done = true;
      if (ending != null) {
        endings.remove(ending);
      }
      Done.completing(future).done(result, error);
      if (draining && endings.isEmpty()) {
        drained();
      }
    }
  }

  @Override
  public List<Metric> metrics() {
    return runtime.metrics();
  }

  // ---- Closing ---------------------------------------------------------------------------------

  @Override
  public void close() {
    close(callTimeout);
  }

  @Override
  public void close(Duration timeout) {
    long nanos = ClientRuntime.nanos(timeout);
    if (runtime.beginClosing()) {
      runtime
          .loop()
          .execute(
              () -> {
                draining = true;
                if (endings.isEmpty()) {
                  drained();
                } else {
                  limit = runtime.loop().schedule(nanos, this::endAll);
                }
              });
    }
    runtime.awaitStopped();
  }

  private void endAll() {
    List.copyOf(endings).forEach(Runnable::run);
  }

  private void drained() {
    if (limit != null) {
      limit.cancel();
    }
    if (!runtime.isStopping()) {
      runtime.stop();
    }
  }
}
