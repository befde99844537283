package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.FrameAssembler.Step;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameAssemblerTest {
  private static final int LIMIT = 64 << 20;

  private final TrackedBytes.Ledger ledger = new TrackedBytes.Ledger();
  private final List<Integer> allocations = new ArrayList<>();
  private final FrameAssembler frames =
      new FrameAssembler(
          size -> {
            allocations.add(size);
            return ledger.allocate(size);
          },
          LIMIT);

  @AfterEach
  void givesEverythingBack() {
    frames.release();
    assertThat(ledger.outstanding()).isZero();
  }

  private void add(byte[] bytes) {
    frames.add(ledger.copyOf(ByteBuffer.wrap(bytes)));
  }

  private void add(ByteBuffer bytes, int at, int size) {
    frames.add(ledger.copyOf(bytes.slice(at, size)));
  }

  private static byte[] message(int size) {
    byte[] message = new byte[size];
    new Random(size).nextBytes(message);
    return message;
  }

  private static ByteBuffer framed(byte[]... messages) {
    int size = 0;
    for (byte[] message : messages) {
      size += 4 + message.length;
    }
    ByteBuffer framed = ByteBuffer.allocate(size);
    for (byte[] message : messages) {
      framed.putInt(message.length).put(message);
    }
    return framed.flip();
  }

  private byte[] take() {
    assertThat(frames.next()).isEqualTo(Step.FRAME);
    ByteBuffer message = frames.message();
    ReceivedBytes memory = frames.takeMemory();
    byte[] copy = new byte[message.remaining()];
    message.get(copy);
    memory.release();
    return copy;
  }

  @Test
  void b09_takesGluedFramesWhereTheyLie() {
    byte[] one = message(10);
    byte[] two = message(20_000);
    byte[] three = message(1);
    add(framed(one, two, three).array());
    assertThat(take()).isEqualTo(one);
    assertThat(take()).isEqualTo(two);
    assertThat(take()).isEqualTo(three);
    assertThat(frames.next()).isEqualTo(Step.NEEDS_MORE);
    assertThat(frames.isWithinFrame()).isFalse();
    assertThat(allocations).as("nothing was copied").isEmpty();
  }

  @Test
  void b09_takesTheSameFromSegmentsOfOneByte() {
    byte[] one = message(10);
    byte[] two = message(1_500);
    ByteBuffer all = framed(one, two);
    List<byte[]> taken = new ArrayList<>();
    for (int i = 0; i < all.limit(); i++) {
      add(all, i, 1);
      while (frames.next() == Step.FRAME) {
        ByteBuffer message = frames.message();
        byte[] copy = new byte[message.remaining()];
        message.get(copy);
        frames.takeMemory().release();
        taken.add(copy);
      }
      assertThat(frames.isWithinFrame()).isEqualTo(i != 13 && i != all.limit() - 1);
    }
    assertThat(taken).containsExactly(one, two);
  }

  @Test
  void takesTheSameHoweverTheBytesAreCut() {
    Random random = new Random(5);
    for (int run = 0; run < 200; run++) {
      byte[][] messages = new byte[1 + random.nextInt(8)][];
      for (int i = 0; i < messages.length; i++) {
        messages[i] = message(1 + random.nextInt(random.nextInt(4) == 0 ? 70_000 : 300));
      }
      ByteBuffer all = framed(messages);
      List<byte[]> taken = new ArrayList<>();
      for (int at = 0; at < all.limit(); ) {
        int size = Math.min(all.limit() - at, 1 + random.nextInt(30_000));
        add(all, at, size);
        at += size;
        if (random.nextBoolean()) {
          continue; // not read yet: the next chunk queues behind it
        }
        takeAll(taken);
      }
      takeAll(taken);
      assertThat(taken).containsExactly(messages);
    }
  }

  private void takeAll(List<byte[]> into) {
    while (frames.next() == Step.FRAME) {
      ByteBuffer message = frames.message();
      byte[] copy = new byte[message.remaining()];
      message.get(copy);
      frames.takeMemory().release();
      into.add(copy);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, LIMIT + 1})
  void b01_b02_b03_refusesABadLengthBeforeAllocating(int length) {
    add(ByteBuffer.allocate(4).putInt(length).array());
    assertThat(frames.next()).isEqualTo(Step.BAD_LENGTH);
    assertThat(frames.length()).isEqualTo(length);
    assertThat(allocations).isEmpty();
  }

  @Test
  void b03_keepsToASmallerLimitUntilItIsRaised() {
    frames.setLimit(100);
    byte[] fits = message(100);
    add(framed(fits).array());
    assertThat(take()).isEqualTo(fits);
    frames.setLimit(200);
    byte[] larger = message(200);
    add(framed(larger).array());
    assertThat(take()).isEqualTo(larger);
    add(framed(message(201)).array());
    assertThat(frames.next()).isEqualTo(Step.BAD_LENGTH);
  }

  @Test
  void b02_holdsLittleForAPeerThatAnnouncesMuchAndSendsLittle() {
    ByteBuffer start = ByteBuffer.allocate(1_004).putInt(LIMIT).rewind();
    add(start.array());
    assertThat(frames.next()).isEqualTo(Step.NEEDS_MORE);
    assertThat(frames.arrived()).isEqualTo(1_000);
    assertThat(allocations).allMatch(size -> size <= 4_096);
  }

  @Test
  void growsWithWhatHasArrived() {
    byte[] large = message(5_000_000);
    ByteBuffer all = framed(large);
    for (int at = 0; at < all.limit() - 1; ) {
      int size = Math.min(60_000, all.limit() - 1 - at);
      add(all, at, size);
      at += size;
      assertThat(frames.next()).isEqualTo(Step.NEEDS_MORE);
      int latest = allocations.get(allocations.size() - 1);
      assertThat(latest).isLessThanOrEqualTo(Math.max(256 << 10, 2 * at));
    }
    assertThat(allocations).hasSizeLessThan(8);
    add(all, all.limit() - 1, 1);
    assertThat(take()).isEqualTo(large);
  }

  @Test
  void aFrameThatIsBelievedGetsItsMemoryOnce() {
    FrameAssembler believing =
        new FrameAssembler(
            size -> {
              allocations.add(size);
              return ledger.allocate(size);
            },
            LIMIT,
            FrameAssembler.Room.UNLIMITED,
            1_000_000);
    for (int size : new int[] {1_000_000, 1_000_001}) {
      allocations.clear();
      byte[] content = message(size);
      ByteBuffer all = framed(content);
      while (all.hasRemaining()) {
        ByteBuffer piece = all.slice(all.position(), Math.min(60_000, all.remaining()));
        all.position(all.position() + piece.remaining());
        believing.add(ledger.copyOf(piece));
        if (all.hasRemaining()) {
          assertThat(believing.next()).isEqualTo(Step.NEEDS_MORE);
        }
      }
      assertThat(believing.next()).isEqualTo(Step.FRAME);
      assertThat(believing.message()).isEqualTo(ByteBuffer.wrap(content));
      believing.takeMemory().release();
      if (size <= 1_000_000) {
        assertThat(allocations).containsExactly(size);
      } else {
        assertThat(allocations).as("grows with what has arrived").hasSizeGreaterThan(2);
      }
    }
    believing.release();
  }

  @Test
  void aFrameKeepsItsMemoryAfterTheOthersOfItsChunkAreGone() {
    add(framed(message(10), message(11), message(12)).array());
    assertThat(frames.next()).isEqualTo(Step.FRAME);
    ByteBuffer first = frames.message();
    ReceivedBytes memory = frames.takeMemory();
    take();
    take();
    byte[] copy = new byte[first.remaining()];
    first.get(copy);
    assertThat(copy).isEqualTo(message(10));
    memory.release();
  }
}
