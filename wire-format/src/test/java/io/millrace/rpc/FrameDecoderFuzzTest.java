package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.wire.FrameLength;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** FZ1: any bytes, cut anywhere, come out as the frames that they are; CONTRIBUTING has the how. */
class FrameDecoderFuzzTest {
  private static final int LIMIT = 1 << 20;

  @FuzzTest(maxDuration = "60s")
  void fz1_cutsAnyBytesIntoTheFramesThatTheyAre(FuzzedDataProvider data) {
    List<byte[]> chunks = new ArrayList<>();
    for (int count = data.consumeInt(0, 20); count > 0; count--) {
      chunks.add(data.consumeBytes(data.consumeInt(0, 2_000)));
    }
    chunks.add(data.consumeRemainingAsBytes());

    ByteBuffer all = ByteBuffer.allocate(chunks.stream().mapToInt(chunk -> chunk.length).sum());
    chunks.forEach(all::put);
    assertThat(assembled(chunks, all.capacity())).isEqualTo(expected(all.flip()));
  }

  /** What a reader does that has everything at once; a null at the end: a bad length. */
  private static List<ByteBuffer> expected(ByteBuffer bytes) {
    List<ByteBuffer> frames = new ArrayList<>();
    while (bytes.remaining() >= FrameLength.SIZE) {
      int length = bytes.getInt();
      if (!FrameLength.isAllowed(length, LIMIT)) {
        frames.add(ByteBuffer.wrap(new byte[] {-1}));
        break;
      }
      if (bytes.remaining() < length) {
        break;
      }
      frames.add(bytes.slice(bytes.position(), length));
      bytes.position(bytes.position() + length);
    }
    return frames;
  }

  private static List<ByteBuffer> assembled(List<byte[]> chunks, int total) {
    TrackedBytes.Ledger ledger = new TrackedBytes.Ledger();
    int[] largest = new int[1];
    FrameAssembler assembler =
        new FrameAssembler(
            size -> {
              largest[0] = Math.max(largest[0], size);
              return ledger.allocate(size);
            },
            LIMIT);
    List<ByteBuffer> frames = new ArrayList<>();
    boolean bad = false;
    for (byte[] chunk : chunks) {
      if (!bad) {
        assembler.add(ledger.copyOf(ByteBuffer.wrap(chunk)));
        FrameAssembler.Step step = assembler.next();
        while (step == FrameAssembler.Step.FRAME) {
          frames.add(copy(assembler.message()));
          assembler.takeMemory().release();
          step = assembler.next();
        }
        bad = step == FrameAssembler.Step.BAD_LENGTH;
      }
    }
    if (bad) {
      frames.add(ByteBuffer.wrap(new byte[] {-1}));
    }
    assembler.release();
    assertThat(ledger.outstanding()).as("memory not given back").isZero();
    assertThat(largest[0]).as("for %d bytes", total).isLessThanOrEqualTo(2 * total + (256 << 10));
    return frames;
  }

  private static ByteBuffer copy(ByteBuffer bytes) {
    return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
  }
}
