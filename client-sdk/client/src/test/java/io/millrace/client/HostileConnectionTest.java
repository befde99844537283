package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.cluster.BrokerAddresses;
import io.millrace.client.cluster.BrokerDiscovery;
import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.errors.TooManyConnectionsException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.Connection;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.LinkHandler;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.ReceivedBytes;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.RpcServerSettings;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.wire.v1.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What stands where a broker should. */
class HostileConnectionTest {
  private final SimulatedWorld world = new SimulatedWorld(3, 2);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  /** Answers the first bytes that come with these. */
  private Endpoint impostor(String host, byte[] answer) throws IOException {
    MemoryTransport transport =
        new MemoryTransport(world.network(), host, new SimulatedTasks(world.scheduler()), 1);
    return transport
        .listen(
            new Endpoint(host, 0),
            link ->
                new LinkHandler() {
                  @Override
                  public void onBytes(ReceivedBytes bytes) {
                    bytes.release();
                    link.write(ByteBuffer.wrap(answer.clone()), List.of(), written -> {});
                  }

                  @Override
                  public void onClosed(@Nullable Throwable cause) {}
                })
        .address();
  }

  private SimulatedProducer producer() {
    world.cluster().createTopic("notes", 1);
    SimulatedProducer producer =
        new SimulatedProducer(
            world, SimulatedProducer.settings().deliveryTimeout(Duration.ofSeconds(20)));
    producer.learn("notes");
    return producer;
  }

  @ParameterizedTest
  @CsvSource({
    "7fffffff00, 2147483647",
    "ffffffff00, 4294967295",
    "80000000, 2147483648",
    "15030300020250, TLS",
    "485454502f312e3120343030, HTTP"
  })
  @DisplayName(
      "B93: an answer of 2 GiB, a negative one, TLS and HTTP: refused, and the cause named")
  void b93_impossibleLengths(String answer, String named) throws Exception {
    Endpoint impostor = impostor("impostor", HexFormat.of().parseHex(answer));
    SimulatedProducer producer = producer();
    world.cluster().addBroker(new Broker(1, 9, impostor.host(), impostor.port(), "", "fake"));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    MillraceException error = producer.ended().get(0).error();
    assertThat(error).isInstanceOf(TimedOutException.class).hasMessageContaining(named);
    assertThat(world.network().outstandingBuffers()).isZero();
  }

  @Test
  @DisplayName("B94: a broker of another cluster is not written to")
  void b94_anotherCluster() {
    world.broker(1).setHello(world.broker(1).hello().toBuilder().setClusterId("other").build());
    SimulatedProducer producer = producer();
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(producer.ended().get(0).error())
        .isInstanceOf(TimedOutException.class)
        .hasMessageContaining("cluster other");
    assertThat(world.broker(1).seen(Request.ApiCase.PRODUCE)).isEmpty();
  }

  @Test
  @DisplayName("B94: an address that leads to another broker than was meant")
  void b94_anotherBroker() {
    SimulatedProducer producer = producer();
    FakeBroker second = world.broker(2);
    world
        .cluster()
        .addBroker(new Broker(1, 9, second.address().host(), second.address().port(), "", ""));
    producer.send("notes", 0, "a");
    producer.awaitAll();
    assertThat(producer.ended().get(0).error())
        .isInstanceOf(TimedOutException.class)
        .hasMessageContaining("is broker 2, not 1");
    assertThat(second.seen(Request.ApiCase.PRODUCE)).isEmpty();
  }

  @Test
  @DisplayName("B94: an address nobody listens at; it is found again when it is right")
  void b94_unreachable() {
    SimulatedProducer producer = producer();
    world.cluster().addBroker(new Broker(1, 9, "nowhere", 1, "", ""));
    producer.send("notes", 0, "a");
    world.runFor(Duration.ofSeconds(10));
    assertThat(producer.ended()).isEmpty();
    world.broker(1).register(10);
    producer.awaitAll();
    assertThat(producer.metadata(0).offset()).isZero();
  }

  @Test
  @DisplayName("B94: a leader that is not among the brokers")
  void b94_aLeaderNobodyKnows() {
    SimulatedProducer producer = producer();
    world.cluster().lead("notes", 0, 77, true);
    producer.send("notes", 0, "a");
    world.runFor(Duration.ofSeconds(5));
    world.cluster().lead("notes", 0, 2, true);
    producer.awaitAll();
    assertThat(producer.metadata(0).leaderEpoch()).isEqualTo(3);
  }

  @Test
  @DisplayName("B94: another cluster id from the store is ignored")
  void b94_theStoreChangesItsMind() {
    SimulatedProducer producer = producer();
    producer.send("notes", 0, "a");
    producer.awaitAll();
    ClusterMap now = world.cluster().current();
    world.cluster().publish(new ClusterMap("other", now.brokers(), now.topics()));
    producer.send("notes", 0, "b");
    producer.awaitAll();
    assertThat(producer.metadata(1).offset()).isEqualTo(1);
  }

  /** Takes one connection, and has it. */
  private Endpoint full() throws IOException {
    SimulatedTasks tasks = new SimulatedTasks(world.scheduler());
    MemoryTransport transport = new MemoryTransport(world.network(), "full", tasks, 1);
    Endpoint address =
        RpcServer.listen(
                transport,
                new Endpoint("full", 0),
                RpcServerSettings.DEFAULTS.withMaxConnections(100, 1),
                () -> world.broker(1).hello(),
                request -> {})
            .address();
    EventLoop loop = world.clientTransport().loops().get(0);
    loop.execute(
        () ->
            RpcClient.connect(
                world.clientTransport(),
                loop,
                address,
                ConnectionSettings.of("first", "1"),
                new Connection.Listener() {
                  @Override
                  public void onReady(Connection connection) {}

                  @Override
                  public void onFailed(Throwable cause) {
                    throw new AssertionError(cause);
                  }

                  @Override
                  public void onClosed(Connection connection, @Nullable Throwable cause) {}
                }));
    world.runFor(Duration.ofMillis(100));
    return address;
  }

  private static void assertNamesTheLimit(@Nullable Throwable e) {
    assertThat(e)
        .isInstanceOf(TooManyConnectionsException.class)
        .hasMessageContaining("refused the connection")
        .hasMessageContaining("has 1 connections to this listener")
        .hasMessageContaining("connections.per.address.max");
  }

  @Test
  @DisplayName("B14: who is one too many is told so, with the limit; and is let in later")
  void b14_tellsOfTooManyConnections() throws Exception {
    Endpoint full = full();
    SimulatedProducer producer = producer();
    world.cluster().addBroker(new Broker(1, 9, full.host(), full.port(), "", "fake"));
    world.cluster().removeBroker(2);
    SimulatedAdmin admin = new SimulatedAdmin(world, SimulatedAdmin.settings());
    CompletableFuture<List<TopicListing>> call = admin.client().listTopics();
    producer.send("notes", 0, "a");
    assertThat(admin.ended(call))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .satisfies(e -> assertNamesTheLimit(e.getCause()));
    assertNamesTheLimit(producer.ended().get(0).error());
    producer.send("notes", 0, "b");
    world.broker(1).register(10);
    producer.awaitAll();
    assertThat(producer.ended().get(1).error()).isNull();
  }

  @Test
  @DisplayName("B14: the same where brokers are all that a client knows")
  void b14_tellsOfTooManyConnectionsWithoutTheStore() throws Exception {
    Endpoint full = full();
    String address = "broker://" + full.host() + ":" + full.port();
    AdminSettings settings = AdminSettings.builder(address).build();
    BrokerDiscovery discovery =
        ClientRuntime.brokerDiscovery(
            settings, BrokerAddresses.parse(address), world.clientTasks(), world.clientTransport());
    ClientRuntime runtime =
        new ClientRuntime(
            settings, 16 << 20, world.clientTasks(), world.clientTransport(), discovery);
    CompletableFuture<List<TopicListing>> call = new AdminClient(settings, runtime).listTopics();
    world.await("the call to end", call::isDone);
    assertThat(call)
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .satisfies(e -> assertNamesTheLimit(e.getCause()));
  }

  @Test
  void whenNobodyAnswersTheStoreIsNamed() {
    world.cluster().setConnected(false);
    SimulatedAdmin admin = new SimulatedAdmin(world, SimulatedAdmin.settings());
    CompletableFuture<List<TopicListing>> call = admin.client().listTopics();
    assertThat(admin.ended(call))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(ClusterUnreachableException.class);
  }
}
