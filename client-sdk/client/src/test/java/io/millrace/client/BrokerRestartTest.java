package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.cluster.BrokerAddresses;
import io.millrace.client.cluster.BrokerDiscovery;
import io.millrace.client.errors.BrokerUnavailableException;
import io.millrace.client.fake.FakeBroker;
import io.millrace.client.fake.SimulatedWorld;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.LinkHandler;
import io.millrace.rpc.MemoryTransport;
import io.millrace.rpc.ReceivedBytes;
import io.millrace.rpc.SimulatedTasks;
import io.millrace.wire.v1.ExplainResponse;
import io.millrace.wire.v1.Finding;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName(
    "A question to one certain broker, by a client that last heard of the brokers long ago")
class BrokerRestartTest {
  private final SimulatedWorld world = new SimulatedWorld(5, 2);

  @AfterEach
  void nothingWasThrown() {
    assertThat(world.scheduler().thrown()).isEmpty();
  }

  private AdminClient admin() {
    String address = world.given(1);
    AdminSettings settings = AdminSettings.builder(address).build();
    BrokerDiscovery discovery =
        ClientRuntime.brokerDiscovery(
            settings, BrokerAddresses.parse(address), world.clientTasks(), world.clientTransport());
    ClientRuntime runtime =
        new ClientRuntime(
            settings, 16 << 20, world.clientTasks(), world.clientTransport(), discovery);
    return new AdminClient(settings, runtime);
  }

  private <T> CompletableFuture<T> ended(CompletableFuture<T> call) {
    world.await("the call to end", call::isDone);
    return call;
  }

  private void explains(FakeBroker broker) {
    broker.script(
        Scripts.on(
            Request.ApiCase.EXPLAIN,
            request -> {
              request.answer(
                  Response.newBuilder()
                      .setExplain(
                          ExplainResponse.newBuilder()
                              .addFindings(
                                  Finding.newBuilder()
                                      .setReason("healthy")
                                      .setText("all is well"))),
                  List.of());
              return true;
            }));
  }

  private AdminClient thatDoesNotKnowBroker2() throws Exception {
    world.killBroker(2);
    world.cluster().removeBroker(2);
    explains(world.broker(1));
    AdminClient admin = admin();
    assertThat(ended(admin.explainBroker(1)).get().brokerId()).isEqualTo(1);
    return admin;
  }

  @Test
  void findsABrokerThatHasComeUpSince() throws Exception {
    AdminClient admin = thatDoesNotKnowBroker2();
    explains(world.startBroker(2, 2));
    assertThat(ended(admin.explainBroker(2)).get().brokerId()).isEqualTo(2);
  }

  private MemoryTransport transport(String host) {
    return new MemoryTransport(world.network(), host, new SimulatedTasks(world.scheduler()), 1);
  }

  private void takeByAnotherProgram(Endpoint address) throws IOException {
    transport(address.host())
        .listen(
            address,
            link -> {
              link.close();
              return new LinkHandler() {
                @Override
                public void onBytes(ReceivedBytes bytes) {
                  bytes.release();
                }

                @Override
                public void onClosed(@Nullable Throwable cause) {}
              };
            });
  }

  @Test
  void findsABrokerThatIsElsewhereNow() throws Exception {
    AdminClient admin = thatDoesNotKnowBroker2();
    explains(world.startBroker(2, 2));
    assertThat(ended(admin.explainBroker(2)).get().brokerId()).isEqualTo(2);
    world.killBroker(2);
    Endpoint before = world.broker(2).address();
    takeByAnotherProgram(before);
    FakeBroker elsewhere = new FakeBroker(world.cluster(), 2, transport("elsewhere"), "elsewhere");
    elsewhere.register(3);
    explains(elsewhere);
    CompletableFuture<Explanation> call = admin.explainBroker(2);
    world.runFor(Duration.ofSeconds(3));
    assertThat(call).isCompleted();
    assertThat(call.get().brokerId()).isEqualTo(2);
  }

  @Test
  void believesThatABrokerIsNotThereOnceAnotherHasSaidSoAnew() throws Exception {
    AdminClient admin = thatDoesNotKnowBroker2();
    long startNanos = world.scheduler().nanoTime();
    assertThat(ended(admin.explainBroker(2)))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOf(BrokerUnavailableException.class)
        .withMessageContaining("broker 2 is not among the live brokers [1]");
    assertThat(world.scheduler().nanoTime() - startNanos)
        .isLessThan(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void saysWhatItKnowsWhereNobodyTells() throws Exception {
    AdminClient admin = thatDoesNotKnowBroker2();
    world.killBroker(1);
    assertThat(ended(admin.explainBroker(2)))
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(ExecutionException.class)
        .withMessageContaining("broker 2 is not among the live brokers [1]");
  }
}
