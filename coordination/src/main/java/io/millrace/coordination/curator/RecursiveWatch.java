package io.millrace.coordination.curator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.store.ClusterStore.Subscription;
import io.millrace.rpc.EventLoop;
import java.util.function.Consumer;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One persistent recursive watch, kept over sessions. Owner: the store's loop.
 *
 * <p>ZooKeeper's client sets it again by itself within a session, but tells nothing of what
 * happened meanwhile; a new session knows nothing of it. So after each contact the whole of it is
 * reported as changed, once the watch certainly stands.
 */
final class RecursiveWatch implements Watcher, Subscription {
  private static final Logger log = LoggerFactory.getLogger(RecursiveWatch.class);
  private static final long MIN_RETRY_MILLIS = 500;
  private static final long MAX_RETRY_MILLIS = 30_000;

  private final EventLoop loop;
  private final Chroot chroot;
  private final String path;
  private final Consumer<String> listener;
  private final Consumer<RecursiveWatch> onClose;

  /** Where it stands. */
  private @Nullable ZooKeeper standsAt;

  /** In contact now. */
  private @Nullable ZooKeeper current;

  private long retryMillis = MIN_RETRY_MILLIS;
  private boolean closed;

  RecursiveWatch(
      EventLoop loop,
      Chroot chroot,
      String path,
      Consumer<String> listener,
      Consumer<RecursiveWatch> onClose) {
    this.loop = loop;
    this.chroot = chroot;
    this.path = path;
    this.listener = listener;
    this.onClose = onClose;
  }

  /** Reads called after this are answered with what is there after the watch stands. */
  void onContact(ZooKeeper handle) {
    current = handle;
    if (handle == standsAt) {
      tell(path);
    } else {
      set(handle);
    }
  }

  void onNoContact() {
    current = null;
  }

  private void set(ZooKeeper handle) {
    handle.addWatch(
        chroot.full(path),
        this,
        AddWatchMode.PERSISTENT_RECURSIVE,
        (rc, fullPath, context) -> loop.execute(() -> onSet(handle, Code.get(rc))),
        null);
  }

  private void onSet(ZooKeeper handle, Code code) {
    if (closed || handle != current) {
      return;
    }
    if (code == Code.OK) {
      standsAt = handle;
      retryMillis = MIN_RETRY_MILLIS;
      tell(path);
    } else if (code != Code.CONNECTIONLOSS && code != Code.SESSIONEXPIRED) {
      log.error("cannot watch {}: {}; trying again in {} ms", path, code, retryMillis);
      loop.schedule(MILLISECONDS.toNanos(retryMillis), () -> setAgain(handle));
      retryMillis = Math.min(retryMillis * 2, MAX_RETRY_MILLIS);
    }
    // A lost connection is followed by another contact, and that by another try.
  }

  private void setAgain(ZooKeeper handle) {
    if (!closed && handle == current && handle != standsAt) {
      set(handle);
    }
  }

  /** On a ZooKeeper thread. */
  @Override
  public void process(WatchedEvent event) {
    if (event.getType() != Event.EventType.None && event.getPath() != null) {
      String changed = chroot.stripped(event.getPath());
      loop.execute(() -> tell(changed));
    }
  }

  private void tell(String changed) {
    if (!closed) {
      listener.accept(changed);
    }
  }

  @Override
  public void close() {
    loop.assertInLoop();
    if (closed) {
      return;
    }
    closed = true;
    onClose.accept(this);
    ZooKeeper handle = current;
    if (handle != null) {
      // Whatever comes of it: what the watch still tells is not passed on.
      handle.removeWatches(
          chroot.full(path),
          this,
          WatcherType.Any,
          true,
          (rc, fullPath, context) -> log.debug("watch on {} removed: {}", path, Code.get(rc)),
          null);
    }
  }
}
