package io.millrace.rpc;

import io.millrace.wire.FrameHead;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.Request;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A produce request's frame: its head into bytes, and frames cut out of what a socket gave. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FrameBenchmark {
  private static final int PAYLOAD_BYTES = 1 << 10;
  private static final int FRAMES = 16;
  private static final int LIMIT = 64 << 20;

  private final Request head =
      Request.newBuilder()
          .setCorrelationId(4711)
          .setProduce(
              ProduceRequest.newBuilder()
                  .addPartitions(
                      ProducePartition.newBuilder()
                          .setTopicId("k3v9x2qa")
                          .setPartition(3)
                          .setLeaderEpoch(7)
                          .setSize(PAYLOAD_BYTES)))
          .build();
  private final FrameAssembler whole = new FrameAssembler(Received::new, LIMIT);
  private final FrameAssembler split = new FrameAssembler(Received::new, LIMIT);
  private ByteBuffer received = ByteBuffer.allocate(0);

  @Setup
  public void frame() {
    ByteBuffer prefix = FrameHead.encode(head, PAYLOAD_BYTES);
    ByteBuffer all = ByteBuffer.allocate(FRAMES * (prefix.remaining() + PAYLOAD_BYTES));
    for (int i = 0; i < FRAMES; i++) {
      all.put(prefix.duplicate()).put(new byte[PAYLOAD_BYTES]);
    }
    received = all.flip();
  }

  @Benchmark
  public ByteBuffer encodeHead() {
    return FrameHead.encode(head, PAYLOAD_BYTES);
  }

  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public int cutFromOneChunk() {
    whole.add(new Received(received));
    return takeAll(whole);
  }

  /** As a slow network gives them: in pieces that end anywhere. */
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public int cutFromPieces() {
    int size = 0;
    int pieces = 24;
    for (int i = 0; i < pieces; i++) {
      int from = (int) ((long) received.limit() * i / pieces);
      int to = (int) ((long) received.limit() * (i + 1) / pieces);
      split.add(new Received(received.slice(from, to - from)));
      size += takeAll(split);
    }
    return size;
  }

  private static int takeAll(FrameAssembler frames) {
    int size = 0;
    FrameAssembler.Step step = frames.next();
    while (step == FrameAssembler.Step.FRAME) {
      size += frames.message().remaining();
      frames.takeMemory().release();
      step = frames.next();
    }
    if (step == FrameAssembler.Step.BAD_LENGTH) {
      throw new IllegalStateException("the frames are not whole");
    }
    return size;
  }

  /** Memory that nobody counts: the pool's cost is the pool's. */
  private record Received(ByteBuffer bytes) implements ReceivedBytes {
    Received(int size) {
      this(ByteBuffer.allocate(size));
    }

    @Override
    public ByteBuffer buffer() {
      return bytes.duplicate();
    }

    @Override
    public ReceivedBytes retain() {
      return this;
    }

    @Override
    public void release() {}
  }
}
