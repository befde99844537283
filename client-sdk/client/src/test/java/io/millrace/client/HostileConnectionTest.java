package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.errors.ClusterUnreachableException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.TimedOutException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.LinkHandler;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.ReceivedBytes;
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
