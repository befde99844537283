package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Connection;
import io.millrace.rpc.ConnectionSettings;
import io.millrace.rpc.MemoryWorld;
import io.millrace.rpc.Reply;
import io.millrace.rpc.ReplyHandler;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.RpcServerSettings;
import io.millrace.server.partition.AppendOutcome;
import io.millrace.server.partition.Refusal;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.ProduceResult;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a sender hears of its partitions, and when, over a simulated network. */
class ProduceInFlightTest {
  private final MemoryWorld world = new MemoryWorld(5);
  private final List<ProduceInFlight> requests = new ArrayList<>();

  /** The partitions told of, answer by answer; the last is the final one once it ended. */
  private final List<List<Integer>> answers = new ArrayList<>();

  private boolean hasEnded;
  private @Nullable Connection connection;
  private @Nullable RpcServer server;

  @BeforeEach
  void connect() throws IOException {
    server =
        RpcServer.listen(
            world.far(),
            world.address(),
            RpcServerSettings.DEFAULTS,
            () -> HelloResponse.newBuilder().setClusterId("c").build(),
            request -> {
              ProduceInFlight inFlight = new ProduceInFlight(request);
              requests.add(inFlight);
              inFlight.handedOut();
            });
    RpcClient.connect(
        world.near(),
        world.near().loops().get(0),
        server.address(),
        ConnectionSettings.of("test", "1"),
        new Connection.Listener() {
          @Override
          public void onReady(Connection ready) {
            connection = ready;
          }

          @Override
          public void onFailed(Throwable cause) {
            throw new AssertionError(cause);
          }

          @Override
          public void onClosed(Connection closed, @Nullable Throwable cause) {}
        });
    world.await("a connection", () -> connection != null);
  }

  @AfterEach
  void close() {
    Objects.requireNonNull(server).close();
    world.close();
  }

  private ProduceInFlight send(int partitions, boolean inParts) {
    ProduceRequest.Builder produce =
        ProduceRequest.newBuilder().setDurability(Durability.STANDARD).setInParts(inParts);
    for (int i = 0; i < partitions; i++) {
      produce.addPartitions(ProducePartition.newBuilder().setTopicId("notes").setPartition(i));
    }
    Connection open = Objects.requireNonNull(connection);
    open.loop()
        .execute(
            () ->
                open.send(
                    Request.newBuilder().setProduce(produce),
                    List.of(),
                    10_000_000_000L,
                    true,
                    new ReplyHandler() {
                      @Override
                      public boolean onPart(Response part) {
                        return answers.add(told(part.getProduce()));
                      }

                      @Override
                      public void onReply(Reply reply) {
                        hasEnded = true;
                        if (reply instanceof Reply.Answered answered) {
                          answers.add(told(answered.response().getProduce()));
                          answered.memory().release();
                        }
                      }
                    }));
    world.await("a request", () -> !requests.isEmpty());
    return requests.get(0);
  }

  private static List<Integer> told(ProduceResponse response) {
    return response.getResultsList().stream().map(ProduceResult::getPartition).toList();
  }

  private static void end(ProduceInFlight request, int... partitions) {
    for (int partition : partitions) {
      request
          .listener(partition)
          .onOutcome(new AppendOutcome.Refused(new Refusal(ErrorCode.BUSY, "scripted")));
    }
  }

  @Test
  void tellsInOneAnswerWhatEndsTogether() {
    ProduceInFlight request = send(3, true);
    end(request, 2, 0, 1);
    world.await("the answer", () -> hasEnded);
    world.pass(100);
    assertThat(answers).containsExactly(List.of(0, 1, 2));
  }

  @Test
  void aPartitionThatIsSlowKeepsNoOtherOnesOutcome() {
    ProduceInFlight request = send(4, true);
    end(request, 3, 1);
    world.pass(30);
    assertThat(answers).containsExactly(List.of(1, 3));
    world.pass(100);
    assertThat(answers).as("nothing new, nothing told").hasSize(1);
    end(request, 0);
    world.pass(30);
    assertThat(answers).containsExactly(List.of(1, 3), List.of(0));
    assertThat(hasEnded).isFalse();
    end(request, 2);
    world.await("the answer", () -> hasEnded);
    assertThat(answers).containsExactly(List.of(1, 3), List.of(0), List.of(2));
  }

  @Test
  void tellsAllAtOnceWhoTakesNoParts() {
    ProduceInFlight request = send(2, false);
    end(request, 0);
    world.pass(100);
    assertThat(answers).isEmpty();
    end(request, 1);
    world.await("the answer", () -> hasEnded);
    assertThat(answers).containsExactly(List.of(0, 1));
  }

  @Test
  void tellsNobodyOnceTheSenderIsGone() {
    ProduceInFlight request = send(2, true);
    Connection open = Objects.requireNonNull(connection);
    open.loop().execute(open::close);
    world.await("the end", () -> hasEnded);
    end(request, 0);
    world.pass(100);
    end(request, 1);
    world.pass(100);
    assertThat(answers).isEmpty();
  }
}
