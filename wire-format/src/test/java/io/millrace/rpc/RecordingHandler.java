package io.millrace.rpc;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Keeps what a link tells it; may be looked at from any thread. */
class RecordingHandler implements LinkHandler {
  final Link link;
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  final AtomicInteger reads = new AtomicInteger();
  final AtomicInteger writables = new AtomicInteger();
  final AtomicInteger closings = new AtomicInteger();
  final AtomicInteger callsAfterClosing = new AtomicInteger();
  volatile @Nullable Throwable cause;

  RecordingHandler(Link link) {
    this.link = link;
  }

  @Override
  public void onBytes(ReceivedBytes bytes) {
    noteCall();
    ByteBuffer buffer = bytes.buffer();
    byte[] copy = new byte[buffer.remaining()];
    buffer.get(copy);
    bytes.release();
    synchronized (received) {
      received.writeBytes(copy);
    }
  }

  @Override
  public void onReadEnd() {
    noteCall();
    reads.incrementAndGet();
  }

  @Override
  public void onWritable() {
    noteCall();
    writables.incrementAndGet();
  }

  @Override
  public void onClosed(@Nullable Throwable why) {
    cause = why;
    closings.incrementAndGet();
  }

  private void noteCall() {
    if (isClosed()) {
      callsAfterClosing.incrementAndGet();
    }
    link.loop().assertInLoop();
  }

  boolean isClosed() {
    return closings.get() > 0;
  }

  byte[] received() {
    synchronized (received) {
      return received.toByteArray();
    }
  }

  int receivedSize() {
    synchronized (received) {
      return received.size();
    }
  }
}
