package io.millrace.rpc.netty;

import io.millrace.rpc.Clock;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of Netty's loops behind the seam.
 *
 * <p>Netty runs a turn as: read whatever is ready on all channels, then run all tasks. So a task
 * submitted while reading sees all that the turn brought, as {@link EventLoop} promises.
 *
 * <p>What tasks and callbacks of a turn write is flushed together: the first link that has
 * something to flush queues one task behind those that wait already, and that task flushes all.
 */
final class NettyLoop implements EventLoop {
  private static final Logger log = LoggerFactory.getLogger(NettyLoop.class);

  private static final int COPY_SIZE = 256 << 10;

  final io.netty.channel.EventLoop netty;
  private final String name;
  private final Clock clock;

  // Touched on the loop only. Two lists that take turns: a flush may write, and so add to the list.
  private List<NettyLink> unflushed = new ArrayList<>();
  private List<NettyLink> flushing = new ArrayList<>();
  private final Runnable flushTask = this::flushAll;

  /** See {@link #copyBuffer}. */
  private @Nullable ByteBuffer copyBuffer;

  NettyLoop(io.netty.channel.EventLoop netty, String name, Clock clock) {
    this.netty = netty;
    this.name = name;
    this.clock = clock;
  }

  @Override
  public void execute(Runnable task) {
    try {
      netty.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("dropped a task that came to {} after the transport closed", name, e);
    }
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    try {
      ScheduledFuture<?> scheduled =
          netty.schedule(() -> runLogged(task), delayNanos, TimeUnit.NANOSECONDS);
      return () -> scheduled.cancel(false);
    } catch (RejectedExecutionException e) {
      log.debug("dropped a timer that came to {} after the transport closed", name, e);
      return () -> {};
    }
  }

  /** Netty logs what a task throws, but keeps what a timer throws in a future nobody reads. */
  private void runLogged(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      log.error("a timer on {} threw", name, e);
    }
  }

  @Override
  public boolean inLoop() {
    return netty.inEventLoop();
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public String name() {
    return name;
  }

  /** On the loop: scratch memory for the length of one call, empty. */
  ByteBuffer copyBuffer() {
    if (copyBuffer == null) {
      copyBuffer = ByteBuffer.allocateDirect(COPY_SIZE);
    }
    return copyBuffer.clear();
  }

  /** On the loop; each link at most once until it has been flushed. */
  void flushLater(NettyLink link) {
    unflushed.add(link);
    if (unflushed.size() == 1) {
      execute(flushTask);
    }
  }

  private void flushAll() {
    List<NettyLink> links = unflushed;
    unflushed = flushing;
    flushing = links;
    for (int i = 0; i < links.size(); i++) {
      links.get(i).flush();
    }
    links.clear();
  }
}
