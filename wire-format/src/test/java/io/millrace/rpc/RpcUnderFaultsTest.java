package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.ListTopicsRequest;
import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One client and one server through resets, cuts, pauses and slow handlers, seed by seed. */
class RpcUnderFaultsTest {
  private static final int SEEDS = 150;
  private static final int REQUESTS = 120;
  private static final long MILLI = 1_000_000;

  @Test
  void i17_everyRequestEndsOnceAndTruthfullyWhateverTheNetworkDoes() {
    int answered = 0;
    int unknown = 0;
    int notSentByABrokenLink = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Run run = new Run(seed);
      run.go();
      answered += run.answered;
      unknown += run.unknown;
      notSentByABrokenLink += run.notSentByABrokenLink;
    }
    // That the faults have hit something.
    assertThat(answered).isGreaterThan(SEEDS * REQUESTS / 4);
    assertThat(unknown).isGreaterThan(SEEDS);
    assertThat(notSentByABrokenLink).isGreaterThan(SEEDS / 10);
  }

  @Test
  void equalSeedsTakeEqualStepsAndOthersDoNot() {
    List<Long> traces = new ArrayList<>();
    for (int seed = 0; seed < 10; seed++) {
      Run first = new Run(seed);
      first.go();
      Run again = new Run(seed);
      again.go();
      assertThat(again.trace()).isEqualTo(first.trace());
      assertThat(again.ends).isEqualTo(first.ends);
      traces.add(first.trace());
    }
    assertThat(traces).doesNotHaveDuplicates();
  }

  private static final class Run implements Connection.Listener {
    private final int seed;
    private final MemoryWorld world;
    private final SplittableRandom random;
    private final Set<Integer> seen = new HashSet<>();
    private final List<Sent> sent = new ArrayList<>();
    private final List<String> ends = new ArrayList<>();
    private final Backoff backoff = new Backoff(10, 1_000);
    private final RpcServer server;
    private @Nullable Connection connection;
    private int failures;
    private boolean over;

    private int answered;
    private int unknown;
    private int notSentByABrokenLink;

    Run(int seed) {
      this.seed = seed;
      world = new MemoryWorld(seed);
      random = new SplittableRandom(seed);
      world.network().setMaxPieceSize(1 + random.nextInt(100_000));
      world.network().setWindowSize(20_000 + random.nextInt(200_000));
      RpcServerSettings settings =
          RpcServerSettings.DEFAULTS.withMaxInFlight(1 + random.nextInt(20), 256 << 10);
      HelloResponse hello = HelloResponse.newBuilder().setLimits(settings.limits()).build();
      try {
        server =
            RpcServer.listen(world.far(), world.address(), settings, () -> hello, this::handle);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    void go() {
      open();
      for (int i = 0; i < REQUESTS; i++) {
        world.pass(random.nextInt(40));
        fault();
        send(i);
      }
      world.network().setResetProbability(0);
      world.network().heal();
      world.await("seed " + seed + ": all ended", () -> sent.stream().allMatch(Sent::isEnded));
      over = true;
      server.close();
      world.pass(2_000);
      world.close();
      for (Sent request : sent) {
        assertThat(request.frees).as("payloads freed, seed %d", seed).isEqualTo(1);
        request.check();
      }
    }

    long trace() {
      return world.scheduler().trace();
    }

    private void fault() {
      MemoryNetwork network = world.network();
      switch (random.nextInt(25)) {
        case 0 -> network.reset("near", "far");
        case 1 -> network.cut("near", "far");
        case 2 -> network.cut("far", "near");
        case 3, 4, 5 -> network.heal();
        case 6 -> network.setResetProbability(random.nextDouble() / 20);
        case 7 -> network.setResetProbability(0);
        case 8 -> network.setDelay(1_000, random.nextLong(2_000, 20 * MILLI));
        case 9 -> close();
        default -> {}
      }
    }

    private void close() {
      Connection current = connection;
      if (current != null) {
        current.loop().execute(current::close);
      }
    }

    private void open() {
      ConnectionSettings settings =
          ConnectionSettings.of("test", "1")
              .withConnectTimeoutMillis(500)
              .withMaxInFlight(30, 1 << 20);
      RpcClient.connect(
          world.near(), world.near().loops().get(0), server.address(), settings, this);
    }

    private void openLater() {
      if (!over) {
        long delay = backoff.delayMillis(++failures, random) * MILLI;
        world.near().loops().get(0).schedule(delay, this::open);
      }
    }

    @Override
    public void onReady(Connection ready) {
      connection = ready;
      failures = 0;
    }

    @Override
    public void onFailed(Throwable cause) {
      openLater();
    }

    @Override
    public void onClosed(Connection closed, @Nullable Throwable cause) {
      connection = null;
      openLater();
    }

    private void send(int id) {
      Connection current = connection;
      if (current == null) {
        return;
      }
      int size = 4 + random.nextInt(random.nextInt(5) == 0 ? 400_000 : 2_000);
      ByteBuffer payload = ByteBuffer.allocate(size).putInt(0, id);
      Sent request = new Sent(id);
      sent.add(request);
      long timeoutNanos = random.nextLong(MILLI, 5_000 * MILLI);
      boolean answer = random.nextInt(10) > 0;
      current
          .loop()
          .execute(
              () ->
                  current.send(
                      Request.newBuilder().setListTopics(ListTopicsRequest.getDefaultInstance()),
                      List.of(payload),
                      timeoutNanos,
                      answer,
                      request));
    }

    private void handle(InboundRequest request) {
      seen.add(request.payload().getInt());
      request.loop().schedule(random.nextLong(30 * MILLI), () -> answer(request));
    }

    private void answer(InboundRequest request) {
      if (random.nextInt(10) == 0) {
        request.drop();
        return;
      }
      ByteBuffer copy = ByteBuffer.allocate(request.payload().remaining());
      copy.put(request.payload()).flip();
      request.answer(
          Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance()),
          List.of(new Payload.Bytes(copy)));
    }

    private final class Sent implements ReplyHandler {
      private final int id;
      private @Nullable Reply reply;
      private int frees;

      Sent(int id) {
        this.id = id;
      }

      boolean isEnded() {
        return reply != null && frees > 0;
      }

      @Override
      public void onReply(Reply ended) {
        assertThat(reply).isNull();
        reply = ended;
        ends.add(id + " " + ended.getClass().getSimpleName());
        if (ended instanceof Reply.Answered with) {
          if (with.payload().hasRemaining()) {
            assertThat(with.payload().getInt()).isEqualTo(id);
          }
          with.memory().release();
        }
      }

      @Override
      public void onPayloadFree() {
        frees++;
      }

      void check() {
        if (reply instanceof Reply.Answered with) {
          answered++;
          if (with.payload().hasRemaining()) {
            assertThat(seen).contains(id);
          }
        } else if (reply instanceof Reply.NotSent not) {
          assertThat(seen).as("said not to be sent: %s", not.why()).doesNotContain(id);
          notSentByABrokenLink += not.why().contains("closed:") ? 1 : 0;
        } else {
          unknown++;
        }
      }
    }
  }
}
