package io.millrace.coordination.curator;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Timer;
import java.io.IOException;
import org.apache.curator.CuratorZookeeperClient;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A second handle, which has seen nothing yet, tried when the store's own has been without contact
 * for a session's time-out. An ensemble that was restored from an older state lets newcomers in,
 * but refuses for ever whoever has seen more than it knows; that handle never hears why, and never
 * that its session has ended. So when a newcomer is let in and the store's own handle is not, for a
 * session's time-out more, the store goes on with another handle, and thereby as another session.
 *
 * <p>An ensemble that was only away lets the store's own handle in again, with the same session,
 * well within that time. Owner: the store's loop. What may block is done on the newcomer's own
 * thread.
 */
final class Newcomer {
  private static final Logger log = LoggerFactory.getLogger(Newcomer.class);

  private final EventLoop loop;
  private final CuratorZookeeperClient curator;
  private final int sessionTimeoutMillis;
  private final ZKClientConfig config;

  /** Being tried; null otherwise. */
  private @Nullable ZooKeeper handle;

  private @Nullable Timer patience;

  Newcomer(
      EventLoop loop,
      CuratorZookeeperClient curator,
      int sessionTimeoutMillis,
      ZKClientConfig config) {
    this.loop = loop;
    this.curator = curator;
    this.sessionTimeoutMillis = sessionTimeoutMillis;
    this.config = config;
  }

  /** The store's own handle has been without contact for a session's time-out. */
  void onOutOfTime() {
    loop.assertInLoop();
    if (handle != null) {
      return;
    }
    try {
      handle =
          new ZooKeeper(
              curator.getCurrentConnectionString(),
              sessionTimeoutMillis,
              event -> {
                if (event.getState() == KeeperState.SyncConnected) {
                  loop.execute(this::onLetIn);
                }
              },
              config);
    } catch (IOException e) {
      log.warn("cannot try another handle to ZooKeeper; tried again at the next absence", e);
    }
  }

  private void onLetIn() {
    if (handle != null && patience == null) {
      patience = loop.schedule(MILLISECONDS.toNanos(sessionTimeoutMillis), this::onStillRefused);
    }
  }

  private void onStillRefused() {
    patience = null;
    ZooKeeper tried = handle;
    if (tried == null) {
      return;
    }
    tried.exists(
        "/",
        false,
        (rc, path, context, stat) -> {
          if (Code.get(rc) == Code.OK) {
            replaceOwn();
          }
          loop.execute(this::end);
        },
        null);
  }

  /** On the newcomer's thread. */
  private void replaceOwn() {
    log.warn(
        "ZooKeeper lets others in, and has refused our session for {} ms: it was probably restored"
            + " from an older state; going on as another session",
        2 * sessionTimeoutMillis);
    try {
      curator.reset();
    } catch (Exception e) {
      // Curator declares all of them; with an ensemble whose addresses were good until now, none.
      log.error("no other handle to ZooKeeper could be made; restart this process", e);
    }
  }

  /** The store's own handle is in contact, or another has taken its place, or all is over. */
  void end() {
    loop.assertInLoop();
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
    ZooKeeper ended = handle;
    handle = null;
    if (ended != null) {
      // Its answer comes on the newcomer's own thread, which may wait for the session's end.
      ended.exists("/", false, (rc, path, context, stat) -> close(ended), null);
    }
  }

  private static void close(ZooKeeper ended) {
    try {
      ended.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
