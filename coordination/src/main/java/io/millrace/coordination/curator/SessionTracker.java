package io.millrace.coordination.curator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.store.SessionEvent;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes session events out of what happens to handles. Owner: the store's loop.
 *
 * <p>A session is known by its id: another id is another session, however it came about. It has
 * ended when there is another, not before: without ZooKeeper, a broker serves on.
 */
final class SessionTracker {
  private static final Logger log = LoggerFactory.getLogger(SessionTracker.class);

  private final EventLoop loop;
  private final List<Consumer<SessionEvent>> listeners = new ArrayList<>();

  /** In contact; null without. */
  private @Nullable ZooKeeper connected;

  private long sessionId;
  private int timeoutMillis;
  private @Nullable Timer outOfTime;
  private SessionEvent last = new SessionEvent.Suspended();

  SessionTracker(EventLoop loop, int timeoutMillis) {
    this.loop = loop;
    this.timeoutMillis = timeoutMillis;
  }

  void onState(ZooKeeper handle, KeeperState state) {
    loop.assertInLoop();
    switch (state) {
      case SyncConnected -> onConnected(handle);
      case Disconnected -> {
        if (handle == connected) {
          onDisconnected();
        }
      }
      case Expired -> {
        // Perhaps only the client's own impatience: it gives a session up after 4/3 of the time-out
        // without contact, when nobody has said that it is over. Another session will tell.
        if (handle == connected) {
          onDisconnected();
        }
      }
      case AuthFailed -> log.error("ZooKeeper refused our credentials");
      default -> log.debug("ZooKeeper client: {}", state);
    }
  }

  private void onConnected(ZooKeeper handle) {
    if (sessionId != 0 && handle.getSessionId() != sessionId) {
      onExpired();
    }
    boolean isNew = sessionId == 0;
    sessionId = handle.getSessionId();
    timeoutMillis = handle.getSessionTimeout();
    connected = handle;
    cancelOutOfTime();
    log.info(
        "in contact with ZooKeeper, {} session 0x{}",
        isNew ? "new" : "same",
        Long.toHexString(sessionId));
    tell(new SessionEvent.Connected(sessionId, isNew));
  }

  private void onDisconnected() {
    connected = null;
    log.warn("lost contact with ZooKeeper, session 0x{}", Long.toHexString(sessionId));
    tell(new SessionEvent.Suspended());
    outOfTime =
        loop.schedule(
            MILLISECONDS.toNanos(timeoutMillis), () -> tell(new SessionEvent.OutOfTime()));
  }

  /** ZooKeeper has given us another session. */
  private void onExpired() {
    if (connected != null) {
      onDisconnected();
    }
    cancelOutOfTime();
    long expired = sessionId;
    sessionId = 0;
    log.warn("ZooKeeper ended session 0x{}", Long.toHexString(expired));
    tell(new SessionEvent.Expired(expired));
  }

  private void cancelOutOfTime() {
    if (outOfTime != null) {
      outOfTime.cancel();
      outOfTime = null;
    }
  }

  private void tell(SessionEvent event) {
    last = event;
    for (Consumer<SessionEvent> listener : List.copyOf(listeners)) {
      listener.accept(event);
    }
  }

  /** The listener hears the present state at once. */
  void add(Consumer<SessionEvent> listener) {
    listeners.add(listener);
    listener.accept(last);
  }

  void remove(Consumer<SessionEvent> listener) {
    listeners.remove(listener);
  }

  @Nullable ZooKeeper connected() {
    return connected;
  }

  int timeoutMillis() {
    return timeoutMillis;
  }

  /** No contact any more, and no events. */
  void close() {
    connected = null;
    cancelOutOfTime();
    listeners.clear();
  }
}
