package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.RpcServerSettings.Timeouts;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Many peers that send a byte now and then, on the simulated network. */
class SlowPeersBadInputTest {
  private static final int PEERS = 1_000;
  private static final int RECEIVE_MILLIS = 5_000;

  @Test
  void b05_aThousandOfThemAreCutAndAnotherClientIsServedThroughout() {
    RpcServerSettings settings =
        RpcServerSettings.DEFAULTS
            .withMaxConnections(2 * PEERS, 2 * PEERS)
            .withTimeouts(new Timeouts(60_000, 10_000, RECEIVE_MILLIS, 600_000));
    try (ServerFixture fixture = new ServerFixture(5, settings)) {
      fixture.handler.instead = RecordingRequests::answer;
      RawPeer client = fixture.greet();
      // How long one answer takes when nobody else is there; the network's delays are drawn.
      long alone = slowestOf(fixture, client, 20);
      List<RawPeer> slow = new ArrayList<>();
      for (int i = 0; i < PEERS; i++) {
        slow.add(fixture.greet());
      }
      byte[] request = RawPeer.frame(ServerFixture.request(5));
      for (int sent = 0; sent < 4; sent++) {
        for (RawPeer peer : slow) {
          peer.sendBytes(new byte[] {request[sent]});
        }
        assertThat(slowestOf(fixture, client, 20)).isLessThanOrEqualTo(2 * alone);
        fixture.world.pass(1_000);
      }
      assertThat(slow).as("within their time").noneMatch(RawPeer::isClosed);

      fixture.world.pass(2L * RECEIVE_MILLIS);
      assertThat(slow).as("past it, though each has sent something").allMatch(RawPeer::isClosed);
      assertThat(fixture.server.stats().connectionsCut()).isEqualTo(PEERS);
      assertThat(fixture.server.stats().connections()).isEqualTo(1);
      assertThat(slowestOf(fixture, client, 20)).isLessThanOrEqualTo(2 * alone);
    }
  }

  /** In milliseconds of simulated time, and at least 1. */
  private static long slowestOf(ServerFixture fixture, RawPeer client, int requests) {
    long slowest = 1;
    for (int i = 0; i < requests; i++) {
      int before = client.frameCount();
      long asked = fixture.nowMillis();
      client.send(ServerFixture.request(before));
      fixture.awaitResponses(client, before + 1);
      slowest = Math.max(slowest, fixture.nowMillis() - asked);
    }
    return slowest;
  }
}
