package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.rpc.RpcServerSettings.Timeouts;
import io.millrace.rpc.RpcServerStats.End;
import io.millrace.wire.v1.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bounds over all connections of a server together, and peers in great numbers. */
class ServerBudgetTest {
  private static final int MIB = 1 << 20;
  private static final int LOOPS = 2;

  private ServerFixture fixture = new ServerFixture(41, settings());

  private static RpcServerSettings settings() {
    return RpcServerSettings.DEFAULTS
        .withMaxTotalBytes(8 * MIB)
        .withMaxConnections(2_000, 2_000)
        .withTimeouts(new Timeouts(60_000, 10_000, 5_000, 5_000, 600_000));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private static byte[] frame(long correlationId, int payloadSize) {
    Request request =
        ServerFixture.request(correlationId).toBuilder()
            .setPayload(ByteString.copyFrom(new byte[payloadSize]))
            .build();
    return RawPeer.frame(request);
  }

  private List<RawPeer> greet(int count) {
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      peers.add(fixture.greet());
    }
    return peers;
  }

  private RpcServerStats stats() {
    return fixture.server.stats();
  }

  // ---- S32 -------------------------------------------------------------------------------------

  @Test
  void s32_takesNoMoreRequestsOfAllConnectionsThanTheBudgetAllows() {
    List<RawPeer> peers = greet(40);
    for (RawPeer peer : peers) {
      peer.sendBytes(frame(7, MIB));
    }
    for (int answered = 0; answered < peers.size(); answered++) {
      fixture.awaitRequests(answered + 1);
      fixture.world.pass(300);
      assertThat(stats().bytesInFlight()).isLessThan((4 + LOOPS) * (MIB + 100));
      RecordingRequests.answerOnLoop(fixture.handler.get(answered));
    }
    for (RawPeer peer : peers) {
      fixture.awaitResponses(peer, 2);
    }
    fixture.world.await("nothing in flight", () -> stats().bytesInFlight() == 0);
    assertThat(stats().connectionsHeldBack()).isZero();
  }

  @Test
  void s32_manyLargeRequestsAtOnceTakeNoMoreMemoryThanTheBudgetAndAllArrive() {
    fixture.handler.instead = RecordingRequests::answer;
    List<RawPeer> peers = greet(10);
    RawPeer bystander = fixture.greet();
    int size = 3 * MIB;
    for (RawPeer peer : peers) {
      peer.sendBytes(frame(7, size));
    }
    int small = 0;
    long most = 0;
    while (!peers.stream().allMatch(peer -> peer.frameCount() == 2)) {
      bystander.send(ServerFixture.request(small));
      small++;
      fixture.awaitResponses(bystander, 1 + small);
      most = Math.max(most, stats().bytesArriving());
      fixture.world.pass(1);
      assertThat(small).as("rounds").isLessThan(100_000);
    }
    assertThat(most).isBetween(3L * MIB, 4L * MIB + size + 1_000);
    assertThat(stats().bytesArriving()).isZero();
    assertThat(stats().connectionsCut()).isZero();
    assertThat(small).isGreaterThan(10);
  }

  /** Small requests notice nothing; a large one waits until enough of the others have been cut. */
  @Test
  void s32_b04_halfRequestsThatStayThatWayAreCutAndTheOthersGoOn() {
    fixture.handler.instead = RecordingRequests::answer;
    int size = 3 * MIB;
    byte[] half = Arrays.copyOf(frame(7, size), size / 2);
    for (RawPeer stalled : greet(10)) {
      stalled.sendBytes(half);
    }
    fixture.world.pass(2_000);
    assertThat(stats().bytesArriving()).isGreaterThan(3L * MIB);
    RawPeer honest = fixture.greet();
    honest.send(ServerFixture.request(1));
    fixture.awaitResponses(honest, 2);
    honest.sendBytes(frame(8, size));
    fixture.world.pass(30_000);
    fixture.awaitResponses(honest, 3);
    fixture.world.pass(120_000); // what nobody waits for may come at 16 KiB a second
    assertThat(stats().endedBy(End.SLOW_SENDER)).isEqualTo(10);
    assertThat(stats().bytesArriving()).isZero();
    assertThat(stats().connections()).isEqualTo(1);
  }

  @Test
  void s32_aPeerThatGoesAwayInTheMiddleGivesItsShareBack() {
    fixture.handler.instead = RecordingRequests::answer;
    for (int round = 0; round < 5; round++) {
      List<RawPeer> peers = greet(6);
      for (RawPeer peer : peers) {
        peer.sendBytes(Arrays.copyOf(frame(7, 3 * MIB), 2 * MIB));
      }
      fixture.world.pass(300);
      peers.forEach(RawPeer::close);
      fixture.world.await("all gone", () -> stats().connections() == 0);
      assertThat(stats().bytesArriving()).isZero();
    }
    RawPeer peer = fixture.greet();
    peer.sendBytes(frame(7, 3 * MIB));
    fixture.awaitResponses(peer, 2);
  }

  /** A place beyond the limit that nobody gives back would be lost for ever. */
  @Test
  void s32_aPeerThatGoesAwayWhileItWaitsForRoomGivesItsTurnBack() {
    ByteBudget budget = new ByteBudget(200, () -> {});
    Object gone = new Object();
    assertThat(budget.take(100, "one")).isTrue();
    assertThat(budget.take(1, gone)).isFalse();
    assertThat(budget.letBeyond(gone)).isTrue();
    assertThat(budget.letBeyond("another")).isFalse();
    budget.giveBack(0, gone);
    assertThat(budget.letBeyond("another")).isTrue();
    assertThat(budget.take(1, "another")).isTrue();
    assertThat(budget.isShort()).isTrue();
    budget.giveBack(1, "another");
    assertThat(budget.arriving()).isEqualTo(100);
    assertThat(budget.isShort()).isFalse();
  }

  // ---- B05 -------------------------------------------------------------------------------------

  /** Milliseconds that 200 requests took, one after another: the second slowest. */
  private double slowMillis(RawPeer peer) {
    double[] millis = new double[200];
    for (int i = 0; i < millis.length; i++) {
      long start = fixture.world.scheduler().nanoTime();
      int before = peer.frameCount();
      peer.send(ServerFixture.request(i));
      fixture.awaitResponses(peer, before + 1);
      millis[i] = (fixture.world.scheduler().nanoTime() - start) / 1e6;
    }
    Arrays.sort(millis);
    return millis[millis.length - 2];
  }

  @Test
  void b05_aThousandPeersThatDripHarmNobodyAndAreCutByTheRequestsDeadline() {
    fixture.handler.instead = RecordingRequests::answer;
    RawPeer worker = fixture.greet();
    double alone = slowMillis(worker);

    byte[] request = frame(9, 100);
    List<RawPeer> dripping = greet(1_000);
    int sent = 0;
    while (stats().connections() > 1) {
      byte[] next = {request[sent]};
      for (RawPeer peer : dripping) {
        if (!peer.isClosed()) {
          peer.sendBytes(next);
        }
      }
      sent++;
      assertThat(slowMillis(worker)).isLessThan(2 * alone + 1);
      fixture.world.pass(1_000);
    }
    assertThat(sent).as("seconds").isBetween(5, 8);
    assertThat(stats().endedBy(End.SLOW_SENDER)).isEqualTo(1_000);
    assertThat(fixture.handler.requests)
        .allMatch(handled -> handled.remote().equals(fixture.handler.get(0).remote()));
  }

  // ---- S35 -------------------------------------------------------------------------------------

  @Test
  void s35_aThousandPeersThatDoNotReadAreCut() {
    fixture.handler.instead = RecordingRequests::answer;
    RawPeer worker = fixture.greet();
    List<RawPeer> deaf = greet(1_000);
    // Enough small answers to fill the link beyond its mark, had they all been taken in.
    fixture.handler.instead =
        request ->
            request.answer(
                io.millrace.wire.v1.Response.newBuilder()
                    .setListTopics(io.millrace.wire.v1.ListTopicsResponse.getDefaultInstance()),
                List.of(new Payload.Slice(new CountingSlice(3 * MIB))));
    for (RawPeer peer : deaf) {
      peer.link.loop().execute(() -> peer.link.setReading(false));
      peer.send(ServerFixture.request(1));
    }
    fixture.world.pass(4_000);
    fixture.handler.instead = RecordingRequests::answer;
    worker.send(ServerFixture.request(5));
    fixture.awaitResponses(worker, 2);
    fixture.world.await("all cut", () -> stats().endedBy(End.SLOW_READER) == 1_000);
    worker.send(ServerFixture.request(6));
    fixture.awaitResponses(worker, 3);
  }
}
