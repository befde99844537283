package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The faults of the simulated network; what it promises without them is in the contract. */
class MemoryNetworkTest {
  private final MemoryWorld world = new MemoryWorld(3);
  private final List<RawPeer> accepted = new ArrayList<>();
  private Transport.Listener listener;

  @BeforeEach
  void listen() throws IOException {
    listener =
        world
            .far()
            .listen(
                world.address(),
                link -> {
                  RawPeer peer = new RawPeer(link);
                  accepted.add(peer);
                  return peer;
                });
  }

  @AfterEach
  void close() {
    world.close();
  }

  private RawPeer connect() {
    int before = accepted.size();
    RawPeer peer = RawPeer.connect(world, listener.address());
    world.await("accepted", () -> accepted.size() > before);
    return peer;
  }

  @Test
  void aCutHoldsBytesBackInOneDirectionOnlyUntilItIsHealed() {
    RawPeer near = connect();
    RawPeer far = accepted.get(0);
    world.network().cut("near", "far");
    near.sendBytes(new byte[100]);
    far.sendBytes(new byte[50]);
    world.pass(60_000);
    assertThat(far.receivedSize()).isZero();
    assertThat(near.receivedSize()).isEqualTo(50);
    near.sendBytes(new byte[11]);
    world.network().heal();
    world.await("all", () -> far.receivedSize() == 111);
  }

  @Test
  void aConnectThroughACutSucceedsWhenItIsHealedInTime() {
    world.network().cutBothWays("near", "far");
    world.scheduler().at(world.scheduler().nanoTime() + 1_000_000_000, world.network()::heal);
    assertThat(connect().isClosed()).isFalse();
  }

  @Test
  void aResetCutsWhatIsOnItsWayAtAnyByte() {
    Set<Integer> sizes = new HashSet<>();
    world.network().setMaxPieceSize(10);
    for (int i = 0; i < 120; i++) {
      RawPeer near = connect();
      RawPeer far = accepted.get(i);
      near.sendBytes(new byte[200]);
      world.scheduler().runFor(200_000);
      world.network().reset("far", "near");
      world.await("both broken", () -> near.isClosed() && far.isClosed());
      assertThat(near.cause).hasMessageContaining("reset");
      assertThat(far.cause).hasMessageContaining("reset");
      sizes.add(far.receivedSize());
    }
    assertThat(sizes).hasSizeGreaterThan(10);
    assertThat(world.network().linkEnds()).isZero();
  }

  @Test
  void linksOvertakeEachOther() {
    RawPeer one = connect();
    RawPeer other = connect();
    int overtaken = 0;
    for (int i = 0; i < 50; i++) {
      int before = accepted.get(0).receivedSize();
      one.sendBytes(new byte[1]);
      world.scheduler().runFor(1_000);
      other.sendBytes(new byte[1]);
      int expected = i + 1;
      world.await("the later one", () -> accepted.get(1).receivedSize() == expected);
      overtaken += accepted.get(0).receivedSize() == before ? 1 : 0;
      world.await("the earlier one", () -> accepted.get(0).receivedSize() == expected);
    }
    assertThat(overtaken).isBetween(5, 45);
  }

  @Test
  void aKilledHostBreaksItsLinksAndRefusesNewOnes() {
    RawPeer near = connect();
    world.far().kill();
    world.await("broken", near::isClosed);
    assertThat(near.cause).hasMessageContaining("reset");
  }

  @Test
  void bytesUnreadAtACloseBecomeAReset() {
    RawPeer near = connect();
    RawPeer far = accepted.get(0);
    far.link.loop().execute(() -> far.link.setReading(false));
    near.sendBytes(new byte[10]);
    world.pass(10);
    far.close();
    world.await("broken", near::isClosed);
    assertThat(near.cause).hasMessageContaining("reset");
  }

  @Test
  void memoryThatWasGivenBackIsOverwrittenAndCannotBeGivenBackAgain() {
    TrackedBytes.Ledger ledger = new TrackedBytes.Ledger();
    TrackedBytes bytes = ledger.copyOf(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    ByteBuffer view = bytes.buffer();
    bytes.retain();
    bytes.release();
    assertThat(view.get(0)).isEqualTo((byte) 1);
    assertThat(ledger.outstanding()).isEqualTo(1);
    bytes.release();
    byte[] left = new byte[3];
    view.get(left);
    assertThat(left).isNotEqualTo(new byte[] {1, 2, 3});
    assertThat(Arrays.equals(left, new byte[3])).isFalse();
    assertThat(ledger.outstanding()).isZero();
    assertThat(catchThrowable(bytes::release)).hasMessageContaining("given back already");
  }
}
