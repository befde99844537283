package io.millrace.client.fake;

import io.millrace.client.Broker;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Payload;
import io.millrace.rpc.RequestHandler;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.RpcServerSettings;
import io.millrace.rpc.Transport;
import io.millrace.wire.v1.BrokerInfo;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.FetchPartition;
import io.millrace.wire.v1.FetchRequest;
import io.millrace.wire.v1.FetchResponse;
import io.millrace.wire.v1.FetchResult;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.Limits;
import io.millrace.wire.v1.ListOffsetsPartition;
import io.millrace.wire.v1.ListOffsetsResponse;
import io.millrace.wire.v1.ListOffsetsResult;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.MetadataResponse;
import io.millrace.wire.v1.PartitionInfo;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.ProducerIdResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import io.millrace.wire.v1.TrimPartition;
import io.millrace.wire.v1.TrimResponse;
import io.millrace.wire.v1.TrimResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A broker that does what brokers do, unless a script takes a request out of its hands. It appends
 * and answers at once, and knows the cluster as it is, not as clients were told.
 */
public final class FakeBroker implements RequestHandler, AutoCloseable {
  /** What a test wants to happen to some requests. */
  @FunctionalInterface
  public interface Script {
    /** True when it has taken the request, and will answer or drop it. */
    boolean take(InboundRequest request);
  }

  private record Waiting(InboundRequest request, long untilNanos) {}

  private final FakeCluster cluster;
  private final int id;
  private final CopyOnWriteArrayList<Script> scripts = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<Request> seen = new CopyOnWriteArrayList<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private final AtomicInteger greetings = new AtomicInteger();
  private final RpcServer server;
  private volatile HelloResponse hello;

  public FakeBroker(FakeCluster cluster, int id, Transport transport, String host)
      throws IOException {
    this.cluster = cluster;
    this.id = id;
    this.hello =
        HelloResponse.newBuilder()
            .setClusterId(FakeCluster.CLUSTER_ID)
            .setBrokerId(id)
            .setIncarnation(1)
            .setBrokerVersion("fake")
            .setLimits(
                Limits.newBuilder()
                    .setMaxRequestSize(64 << 20)
                    .setMaxBatchSize(64 << 20)
                    .setMaxRecordSize(63 << 20)
                    .setMaxInFlightRequests(100)
                    .setMaxInFlightBytes(32 << 20)
                    .setMaxPartitionsPerRequest(10_000))
            .build();
    this.server =
        RpcServer.listen(
            transport, new Endpoint(host, 0), RpcServerSettings.DEFAULTS, this::greet, this);
    register(1);
  }

  /** Tells the cluster where it is, as of a new life. */
  public void register(int incarnation) {
    cluster.addBroker(
        new Broker(id, incarnation, server.address().host(), server.address().port(), "", "fake"));
  }

  private HelloResponse greet() {
    greetings.incrementAndGet();
    return hello;
  }

  /** How many connections have been opened. */
  public int greetings() {
    return greetings.get();
  }

  public int id() {
    return id;
  }

  public Endpoint address() {
    return server.address();
  }

  public void setHello(HelloResponse answer) {
    hello = answer;
  }

  public HelloResponse hello() {
    return hello;
  }

  /** Scripts are asked in order, the newest first. */
  public void script(Script script) {
    scripts.add(0, script);
  }

  public void unscript(Script script) {
    scripts.remove(script);
  }

  /** All requests that came, but for Hello, without payloads. */
  public List<Request> seen() {
    return List.copyOf(seen);
  }

  public List<Request> seen(Request.ApiCase api) {
    return seen.stream().filter(request -> request.getApiCase() == api).toList();
  }

  @Override
  public void close() {
    server.close();
  }

  // ---- Handling --------------------------------------------------------------------------------

  @Override
  public void handle(InboundRequest request) {
    seen.add(request.head());
    for (Script script : scripts) {
      if (script.take(request)) {
        return;
      }
    }
    obey(request);
  }

  /** Does what is asked for; for scripts that only wanted to look, or to wait. */
  public void obey(InboundRequest request) {
    switch (request.head().getApiCase()) {
      case PRODUCE -> produce(request);
      case FETCH -> fetch(request, false);
      case LIST_OFFSETS -> listOffsets(request);
      case TRIM -> trim(request);
      case METADATA -> metadata(request, request.head().getMetadata());
      case PRODUCER_ID ->
          request.answer(
              Response.newBuilder()
                  .setProducerId(
                      ProducerIdResponse.newBuilder().setProducerId(cluster.nextProducerId())),
              List.of());
      default -> request.refuse(ErrorCode.UNSUPPORTED, "not scripted");
    }
  }

  private @Nullable Error problem(FakeCluster.@Nullable FakeTopic topic, int partition, int epoch) {
    if (topic == null) {
      return error(ErrorCode.UNKNOWN_TOPIC, "no such topic id");
    }
    if (partition >= topic.partitions.size()) {
      return error(ErrorCode.UNKNOWN_PARTITION, "no such partition");
    }
    if (cluster.leader(topic, partition) != id) {
      return error(ErrorCode.NOT_LEADER, "broker " + id + " does not lead it");
    }
    int ours = cluster.leaderEpoch(topic, partition);
    if (epoch < ours) {
      return error(ErrorCode.FENCED_EPOCH, "epoch " + epoch + " has ended");
    }
    return epoch > ours ? error(ErrorCode.UNKNOWN_EPOCH, "epoch " + epoch) : null;
  }

  private static Error error(ErrorCode code, String message) {
    return Error.newBuilder().setCode(code).setMessage(message).build();
  }

  /** Appends what a produce request carries, and makes the answer. */
  public ProduceResponse append(InboundRequest request) {
    ProduceResponse.Builder response = ProduceResponse.newBuilder();
    ByteBuffer payload = request.payload();
    int position = payload.position();
    for (ProducePartition each : request.head().getProduce().getPartitionsList()) {
      ByteBuffer share = payload.slice(position, each.getSize());
      position += each.getSize();
      response.addResults(append(each, share));
    }
    return response.build();
  }

  private ProduceResult append(ProducePartition each, ByteBuffer share) {
    FakeCluster.FakeTopic topic = cluster.findById(each.getTopicId());
    ProduceResult.Builder result =
        ProduceResult.newBuilder().setTopicId(each.getTopicId()).setPartition(each.getPartition());
    Error problem = problem(topic, each.getPartition(), each.getLeaderEpoch());
    if (problem != null || topic == null) {
      return result.setError(problem).build();
    }
    FakeLog log = topic.log(each.getPartition());
    Error outOfSequence = log.outOfSequence(share);
    if (outOfSequence != null) {
      return result.setError(outOfSequence).build();
    }
    List<Long> offsets = log.append(share, each.getLeaderEpoch(), 1_800_000_000_000L);
    return result
        .addAllBaseOffsets(offsets)
        .setAppendTimestampMs(1_800_000_000_000L)
        .setLeaderEpoch(each.getLeaderEpoch())
        .setReached(Durability.STANDARD)
        .setReplicas(1)
        .setFlushed(true)
        .build();
  }

  private void produce(InboundRequest request) {
    ProduceResponse response = append(request);
    if (request.head().getProduce().getDurability() == Durability.NONE) {
      request.drop();
    } else {
      request.answer(Response.newBuilder().setProduce(response), List.of());
    }
    wakeWaiting();
  }

  /** Looks again at the fetches that wait for records. */
  public void wakeWaiting() {
    List<Waiting> again;
    synchronized (waiting) {
      again = List.copyOf(waiting);
      waiting.clear();
    }
    again.forEach(each -> fetchAgain(each.request(), each.untilNanos()));
  }

  private void fetch(InboundRequest request, boolean mustAnswer) {
    long waitNanos = request.head().getFetch().getMaxWaitMs() * 1_000_000L;
    long untilNanos = request.loop().clock().nanoTime() + waitNanos;
    if (!fetchNow(request, mustAnswer)) {
      park(request, untilNanos);
      request
          .loop()
          .schedule(
              waitNanos,
              () -> {
                synchronized (waiting) {
                  if (!waiting.removeIf(each -> each.request() == request)) {
                    return;
                  }
                }
                fetchNow(request, true);
              });
    }
  }

  private void fetchAgain(InboundRequest request, long untilNanos) {
    if (request.isOpen() && !fetchNow(request, false)) {
      park(request, untilNanos);
    }
  }

  private void park(InboundRequest request, long untilNanos) {
    synchronized (waiting) {
      waiting.add(new Waiting(request, untilNanos));
    }
  }

  private boolean fetchNow(InboundRequest request, boolean mustAnswer) {
    FetchRequest fetch = request.head().getFetch();
    FetchResponse.Builder response = FetchResponse.newBuilder();
    List<Payload> payload = new ArrayList<>();
    int room = fetch.getMaxBytes();
    boolean news = mustAnswer;
    for (FetchPartition each : fetch.getPartitionsList()) {
      FetchResult.Builder result =
          FetchResult.newBuilder().setTopicId(each.getTopicId()).setPartition(each.getPartition());
      FakeCluster.FakeTopic topic = cluster.findById(each.getTopicId());
      Error problem = problem(topic, each.getPartition(), each.getLeaderEpoch());
      if (problem != null || topic == null) {
        response.addResults(result.setError(problem));
        news = true;
        continue;
      }
      FakeLog log = topic.log(each.getPartition());
      result
          .setStartOffset(log.startOffset())
          .setHighWatermark(log.endOffset())
          .setLeaderEpoch(each.getLeaderEpoch());
      long offset = each.getFetchOffset();
      if (offset < log.startOffset() || offset > log.endOffset()) {
        response.addResults(
            result.setError(
                error(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "the log has " + log.startOffset() + " to " + log.endOffset())));
        news = true;
        continue;
      }
      int most = Math.min(each.getMaxBytes(), Math.max(room, 1));
      byte[] found = room > 0 ? log.read(offset, most) : new byte[0];
      long next = room > 0 ? log.nextOffset(offset, most) : offset;
      room -= found.length;
      news |= next > offset;
      response.addResults(result.setSize(found.length).setNextOffset(next));
      payload.add(new Payload.Bytes(ByteBuffer.wrap(found)));
    }
    if (news) {
      request.answer(Response.newBuilder().setFetch(response), payload);
    }
    return news;
  }

  private void listOffsets(InboundRequest request) {
    ListOffsetsResponse.Builder response = ListOffsetsResponse.newBuilder();
    for (ListOffsetsPartition each : request.head().getListOffsets().getPartitionsList()) {
      ListOffsetsResult.Builder result =
          ListOffsetsResult.newBuilder()
              .setTopicId(each.getTopicId())
              .setPartition(each.getPartition());
      FakeCluster.FakeTopic topic = cluster.findById(each.getTopicId());
      Error problem = problem(topic, each.getPartition(), each.getLeaderEpoch());
      if (problem != null || topic == null) {
        response.addResults(result.setError(problem));
        continue;
      }
      FakeLog log = topic.log(each.getPartition());
      result.setLeaderEpoch(each.getLeaderEpoch());
      switch (each.getPositionCase()) {
        case EARLIEST -> result.setOffset(log.startOffset());
        case TIMESTAMP_MS -> {
          long[] found = log.find(each.getTimestampMs());
          if (found.length > 0) {
            result.setOffset(found[0]).setTimestampMs(found[1]);
          }
        }
        default -> result.setOffset(log.endOffset());
      }
      response.addResults(result);
    }
    request.answer(Response.newBuilder().setListOffsets(response), List.of());
  }

  private void trim(InboundRequest request) {
    TrimResponse.Builder response = TrimResponse.newBuilder();
    for (TrimPartition each : request.head().getTrim().getPartitionsList()) {
      TrimResult.Builder result =
          TrimResult.newBuilder().setTopicId(each.getTopicId()).setPartition(each.getPartition());
      FakeCluster.FakeTopic topic = cluster.findById(each.getTopicId());
      Error problem = problem(topic, each.getPartition(), each.getLeaderEpoch());
      if (problem != null || topic == null) {
        response.addResults(result.setError(problem));
        continue;
      }
      FakeLog log = topic.log(each.getPartition());
      long start = each.hasBeforeOffset() ? each.getBeforeOffset() : log.endOffset();
      if (start > log.endOffset()) {
        result.setError(error(ErrorCode.OFFSET_OUT_OF_RANGE, "it ends at " + log.endOffset()));
      } else {
        log.trim(Math.max(start, log.startOffset()));
        result.setStartOffset(log.startOffset()).setLeaderEpoch(each.getLeaderEpoch());
      }
      response.addResults(result);
    }
    request.answer(Response.newBuilder().setTrim(response), List.of());
  }

  private void metadata(InboundRequest request, MetadataRequest metadata) {
    MetadataResponse.Builder response =
        MetadataResponse.newBuilder().setClusterId(FakeCluster.CLUSTER_ID);
    cluster.current().brokers().values().forEach(each -> response.addBrokers(info(each)));
    for (String name : metadata.getTopicsList()) {
      FakeCluster.FakeTopic topic = cluster.find(name);
      if (topic == null && metadata.getAutoCreate() && cluster.autoCreates()) {
        topic = cluster.createTopic(name, 1);
      }
      TopicInfo.Builder info = TopicInfo.newBuilder().setName(name);
      if (topic == null) {
        info.setError(error(ErrorCode.UNKNOWN_TOPIC, "there is no topic " + name));
      } else {
        info.setTopicId(topic.id).setReplicationFactor(1).putAllSettings(topic.settings);
        for (int i = 0; i < topic.partitions.size(); i++) {
          PartitionInfo.Builder partition =
              PartitionInfo.newBuilder()
                  .setPartition(i)
                  .setLeaderEpoch(cluster.leaderEpoch(topic, i));
          int leader = cluster.leader(topic, i);
          info.addPartitions(leader < 0 ? partition : partition.setLeader(leader));
        }
      }
      response.addTopics(info);
    }
    request.answer(Response.newBuilder().setMetadata(response), List.of());
  }

  private static BrokerInfo info(Broker broker) {
    return BrokerInfo.newBuilder()
        .setId(broker.id())
        .setIncarnation(broker.incarnation())
        .setVersion(broker.version())
        .addEndpoints(
            io.millrace.wire.v1.Endpoint.newBuilder()
                .setListener("client")
                .setHost(broker.host())
                .setPort(broker.port()))
        .build();
  }
}
