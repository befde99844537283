package io.millrace.rpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One end of a link of a {@link MemoryNetwork}. */
final class MemoryLink implements Link {
  private final MemoryNetwork network;
  private final String localHost;
  private final Endpoint remote;
  private final SimulatedLoop loop;
  private @Nullable LinkHandler handler;
  private @Nullable MemoryLink peer;

  // Going out.
  private final ArrayDeque<MemoryWrite> unsent = new ArrayDeque<>();
  private long pendingBytes;
  private boolean aboveHighMark;
  private boolean flushQueued;
  private long onTheWay;
  private long lastArrivalNanos;

  // Coming in, in order of arrival; an item is bytes, or the end of the stream.
  private final ArrayDeque<Arrival> held = new ArrayDeque<>();
  private final ArrayDeque<Arrival> arrived = new ArrayDeque<>();
  private boolean reading = true;
  private boolean closed;
  private final Runnable read = this::deliver;

  /**
   * @param bytes null: the other side has closed
   */
  private record Arrival(@Nullable ByteBuffer bytes) {}

  MemoryLink(MemoryNetwork network, String localHost, Endpoint remote, SimulatedLoop loop) {
    this.network = network;
    this.localHost = localHost;
    this.remote = remote;
    this.loop = loop;
  }

  void join(MemoryLink other) {
    peer = other;
  }

  /** On its loop, once. */
  void open(Function<Link, LinkHandler> opened) {
    if (closed) {
      return; // gone before anybody heard of it
    }
    network.opened(this);
    handler = opened.apply(this);
    readLater();
  }

  boolean isClosed() {
    return closed;
  }

  String localHost() {
    return localHost;
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public Endpoint remote() {
    return remote;
  }

  // ---- Going out -------------------------------------------------------------------------------

  @Override
  public void write(ByteBuffer head, List<Payload> parts, WriteDone whenGone) {
    loop.assertInLoop();
    if (closed) {
      Payload.release(parts);
      whenGone.done(false);
      return;
    }
    MemoryWrite write = new MemoryWrite(head, parts, whenGone);
    unsent.add(write);
    pendingBytes += write.left();
    aboveHighMark |= pendingBytes > HIGH_MARK_BYTES;
    if (!flushQueued) {
      flushQueued = true;
      loop.execute(this::flush);
    }
  }

  private void flush() {
    flushQueued = false;
    while (!closed && !unsent.isEmpty() && onTheWay < network.windowSize()) {
      MemoryWrite write = unsent.element();
      int most = (int) Math.min(write.left(), network.windowSize() - onTheWay);
      ByteBuffer piece;
      try {
        piece = write.take(network.drawPieceSize(most));
      } catch (IOException e) {
        fail(e);
        return;
      }
      pendingBytes -= piece.remaining();
      onTheWay += piece.remaining();
      if (network.drawReset()) {
        breakBoth();
      } else {
        send(new Arrival(piece));
      }
      if (write.left() == 0 && !closed) {
        unsent.remove();
        write.done(true);
      }
    }
    if (!closed && aboveHighMark && pendingBytes < LOW_MARK_BYTES && handler != null) {
      aboveHighMark = false;
      LinkHandler hearer = handler;
      guarded(hearer::onWritable);
    }
  }

  private void send(Arrival arrival) {
    MemoryLink to = peer;
    if (to != null) {
      // Later than the last one: what is due at the same instant comes in any order.
      lastArrivalNanos = Math.max(lastArrivalNanos + 1, network.nanoTime() + network.drawDelay());
      network.at(lastArrivalNanos, () -> to.arrive(arrival));
    }
  }

  /** The other side has read so much; this end hears of it later, where it waits for that. */
  private void delivered(int bytes) {
    if (unsent.isEmpty()) {
      onTheWay -= bytes;
    } else {
      network.after(network.drawDelay(), () -> acknowledged(bytes));
    }
  }

  private void acknowledged(int bytes) {
    onTheWay -= bytes;
    if (!closed && !flushQueued && !unsent.isEmpty()) {
      flushQueued = true;
      loop.readLater(this::flush);
    }
  }

  @Override
  public long pendingBytes() {
    return pendingBytes;
  }

  @Override
  public boolean isWritable() {
    return !aboveHighMark;
  }

  @Override
  public ReceivedBytes newBuffer(int size) {
    return network.ledger().allocate(size);
  }

  // ---- Coming in -------------------------------------------------------------------------------

  private void arrive(Arrival arrival) {
    if (closed) {
      return;
    }
    if (!held.isEmpty() || isStopped()) {
      held.add(arrival);
    } else {
      arrived.add(arrival);
      readLater();
    }
  }

  private boolean isStopped() {
    return network.isCut(remote.host(), localHost) || network.isHeldBack(this);
  }

  void resumeArrivals() {
    if (held.isEmpty() || isStopped()) {
      return;
    }
    arrived.addAll(held);
    held.clear();
    readLater();
  }

  private void readLater() {
    if (reading && !closed && !arrived.isEmpty() && handler != null) {
      loop.readLater(read);
    }
  }

  /** As with a real link: who throws in a callback loses the link. */
  private void guarded(Runnable callbacks) {
    try {
      callbacks.run();
    } catch (RuntimeException | Error e) {
      loop.noteThrown(e);
      fail(e);
    }
  }

  private void deliver() {
    guarded(this::deliverArrived);
  }

  private void deliverArrived() {
    LinkHandler hearer = handler;
    if (hearer == null) {
      return;
    }
    boolean any = false;
    while (reading && !closed && !arrived.isEmpty()) {
      ByteBuffer bytes = arrived.remove().bytes();
      if (bytes == null) {
        end(null);
        return;
      }
      any = true;
      MemoryLink from = peer;
      if (from != null) {
        from.delivered(bytes.remaining());
      }
      hearer.onBytes(network.ledger().copyOf(bytes));
    }
    if (any && !closed) {
      hearer.onReadEnd();
    }
  }

  @Override
  public void setReading(boolean read) {
    loop.assertInLoop();
    reading = read;
    readLater();
  }

  // ---- Ending ----------------------------------------------------------------------------------

  @Override
  public void close() {
    loop.assertInLoop();
    if (closed) {
      return;
    }
    // As a kernel does: unread bytes at a close mean that the other side has not been heard.
    boolean unread = arrived.stream().anyMatch(arrival -> arrival.bytes() != null);
    MemoryLink other = peer;
    if (unread && other != null) {
      network.after(network.drawDelay(), () -> other.breakDown("Connection reset by peer"));
    } else {
      send(new Arrival(null));
    }
    end(null);
  }

  private void fail(Throwable cause) {
    MemoryLink other = peer;
    if (other != null) {
      network.after(network.drawDelay(), () -> other.breakDown("Connection reset by peer"));
    }
    end(cause);
  }

  private void breakBoth() {
    fail(new NetworkFailure("Connection reset by peer"));
  }

  /** From outside any loop: the link is no more, and this end is about to notice. */
  void breakDown(String why) {
    if (!closed) {
      loop.readLater(() -> end(new NetworkFailure(why)));
    }
  }

  private void end(@Nullable Throwable cause) {
    if (closed) {
      return;
    }
    closed = true;
    network.closed(this);
    while (!unsent.isEmpty()) {
      unsent.remove().done(false);
    }
    loop.execute(
        () -> {
          if (handler != null) {
            handler.onClosed(cause);
          }
        });
  }

  /** The process is gone; nobody here hears anything any more. */
  void vanish() {
    if (!closed) {
      closed = true;
      network.closed(this);
      MemoryLink other = peer;
      if (other != null) {
        network.after(network.drawDelay(), () -> other.breakDown("Connection reset by peer"));
      }
    }
  }

  /** Where it comes from says its text; links break by the thousand, and a stack trace costs. */
  private static final class NetworkFailure extends IOException {
    private static final long serialVersionUID = 1;

    NetworkFailure(String why) {
      super(why);
    }

    @Override
    public Throwable fillInStackTrace() {
      return this;
    }
  }
}
