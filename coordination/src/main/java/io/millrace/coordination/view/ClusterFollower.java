package io.millrace.coordination.view;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.ClusterStore.Subscription;
import io.millrace.coordination.store.SessionEvent;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.rpc.EventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the image up to date: watches say what may have changed, rounds of reading find out.
 *
 * <p>One round at a time; what changes meanwhile is the next round's. After each contact all of it
 * is read again, behind a {@code sync}, once all watches stand.
 */
final class ClusterFollower implements ClusterView {
  private static final long RETRY_MILLIS = 500;

  /** A sync costs the whole ensemble something, and whoever claims to be a broker can cause it. */
  private static final long CATCH_UP_NANOS = MILLISECONDS.toNanos(500);

  private final ClusterStore store;
  private final EventLoop loop;
  private final boolean isOfEverything;
  private final Runnable onClose;

  // Written on the loop, read anywhere.
  private volatile ClusterImage image = ClusterImage.EMPTY;
  private volatile boolean isConnected;
  private volatile Map<String, String> refusedNodes = Map.of();

  // Owner of the rest: the loop.
  private final Picture picture = new Picture();
  private final ReadWindow window;
  private final Map<String, Subscription> watches = new HashMap<>();
  private final Map<String, String> watchedIds = new HashMap<>();
  private final Set<String> followed = new HashSet<>();
  private final Set<String> notStanding = new HashSet<>();
  private final List<Listening> listeners = new ArrayList<>();
  private @Nullable Subscription session;
  private Rereading next = new Rereading();
  private Rereading current = new Rereading();
  private List<CompletableFuture<ClusterImage>> nextWaiters = new ArrayList<>();
  private boolean isRunning;
  private boolean isScheduled;
  private boolean needsSync = true;
  private boolean isCatchingUp;
  private int contacts;
  private boolean isClosed;

  private ClusterFollower(ClusterStore store, boolean isOfEverything, Runnable onClose) {
    this.store = store;
    this.loop = store.loop();
    this.isOfEverything = isOfEverything;
    this.onClose = onClose;
    this.window = new ReadWindow(store);
  }

  static ClusterFollower start(ClusterStore store, boolean isOfEverything, Runnable onClose) {
    ClusterFollower follower = new ClusterFollower(store, isOfEverything, onClose);
    follower.loop.execute(follower::begin);
    return follower;
  }

  private void begin() {
    watch(ZnodePaths.CLUSTER);
    watch(ZnodePaths.LIVE_BROKERS);
    if (isOfEverything) {
      watch(ZnodePaths.TOPICS);
      watch(ZnodePaths.PARTITIONS);
    }
    session = store.onSession(this::onSession);
  }

  private void watch(String path) {
    // Its first word will be that it stands, and that everything below it may have changed.
    notStanding.add(path);
    watches.put(path, store.watchRecursive(path, changed -> onChanged(path, changed)));
  }

  private void unwatch(String path) {
    Subscription watch = watches.remove(path);
    if (watch != null) {
      watch.close();
      notStanding.remove(path);
    }
  }

  private void onSession(SessionEvent event) {
    if (event instanceof SessionEvent.Connected) {
      contacts++;
      needsSync = true;
      isConnected = true;
      runLater();
    } else {
      isConnected = false;
      notStanding.addAll(watches.keySet());
    }
  }

  private void onChanged(String watched, String changed) {
    // A word that the watch stands means all of it; any later one is about the topic's own node:
    // what its partitions do, their own watch tells.
    boolean stands = changed.equals(watched) && notStanding.remove(watched);
    if (stands && followed.contains(nameBelowTopics(watched))) {
      next.wholeTopics.add(nameBelowTopics(watched));
    }
    next.addChanged(changed);
    runLater();
  }

  private static String nameBelowTopics(String path) {
    return path.startsWith(ZnodePaths.TOPICS + "/")
        ? path.substring(ZnodePaths.TOPICS.length() + 1)
        : "";
  }

  /** With the next turn, so that what this turn brings is one round. */
  private void runLater() {
    if (!isScheduled) {
      isScheduled = true;
      loop.execute(this::run);
    }
  }

  private void run() {
    isScheduled = false;
    if (isClosed || isRunning || !isConnected || !notStanding.isEmpty()) {
      return;
    }
    if (next.isEmpty() && nextWaiters.isEmpty()) {
      return;
    }
    isRunning = true;
    int contact = contacts;
    if (!needsSync) {
      read(contact);
      return;
    }
    store
        .sync(ZnodePaths.ROOT)
        .thenAccept(
            isSynced -> {
              if (isSynced && contact == contacts) {
                needsSync = false;
                read(contact);
              } else {
                isRunning = false;
                retryLater();
              }
            });
  }

  private void read(int contact) {
    Rereading what = next;
    List<CompletableFuture<ClusterImage>> waiters = nextWaiters;
    current = what;
    next = new Rereading();
    nextWaiters = new ArrayList<>();
    new Round(
            store,
            window,
            picture,
            this::onTopic,
            () -> contact == contacts,
            isDone -> onRoundEnd(isDone, what, waiters))
        .start(what);
  }

  private void onRoundEnd(
      boolean isDone, Rereading what, List<CompletableFuture<ClusterImage>> waiters) {
    isRunning = false;
    current = new Rereading();
    if (isDone) {
      publish();
      waiters.forEach(waiter -> waiter.complete(image));
      runLater();
    } else {
      next.addAll(what);
      nextWaiters.addAll(waiters);
      retryLater();
    }
  }

  private void retryLater() {
    loop.schedule(MILLISECONDS.toNanos(RETRY_MILLIS), this::runLater);
  }

  /** A chosen topic's partitions are watched by the topic's id, which only its node tells. */
  private void onTopic(String name, @Nullable TopicPicture topic) {
    if (isOfEverything || !followed.contains(name)) {
      return;
    }
    String id = topic == null ? null : topic.id();
    String watchedId = watchedIds.get(name);
    if (watchedId != null && !watchedId.equals(id)) {
      unwatch(ZnodePaths.partitions(watchedId));
      watchedIds.remove(name);
    }
    if (id != null && !id.equals(watchedId)) {
      watchedIds.put(name, id);
      watch(ZnodePaths.partitions(id));
    }
  }

  private void publish() {
    refusedNodes = picture.refusedNodes();
    ClusterImage now = picture.image();
    if (!now.equals(image)) {
      image = now;
      List.copyOf(listeners).forEach(listener -> loop.execute(() -> listener.to.accept(now)));
    }
  }

  @Override
  public ClusterImage image() {
    return image;
  }

  @Override
  public boolean isConnected() {
    return isConnected;
  }

  @Override
  public Map<String, String> refusedNodes() {
    return refusedNodes;
  }

  @Override
  public CompletionStage<ClusterImage> follow(Iterable<String> topics) {
    List<String> names = new ArrayList<>();
    for (String name : topics) {
      // What cannot be a topic does not exist, and no path is built of it.
      if (TopicNames.fault(name) == null) {
        names.add(name);
      }
    }
    return readAgain(
        () -> {
          for (String name : names) {
            if (!isOfEverything && followed.add(name)) {
              watch(ZnodePaths.topic(name));
              next.wholeTopics.add(name);
            } else {
              // Watches of it stand, or have it read whole once they do; and what they tell of
              // comes before the sync's answer, which this waits for. So a sign that one of
              // thousands of partitions has moved does not cost a reading of each.
              next.topics.add(name);
            }
          }
        });
  }

  @Override
  public CompletionStage<ClusterImage> refresh() {
    return readAgain(
        () -> {
          next.cluster = true;
          next.allBrokers = true;
          if (isOfEverything) {
            next.allTopics = true;
          } else {
            next.wholeTopics.addAll(followed);
          }
        });
  }

  @Override
  public void lookAt(String topicId, int partition) {
    loop.execute(
        () -> {
          if (!isClosed && isConnected && picture.topicById(topicId) != null) {
            next.addChanged(ZnodePaths.partition(topicId, partition));
            runLater();
          }
        });
  }

  /** The sync goes beside the rounds: what is read meanwhile is no worse for it. */
  @Override
  public void lookAtBroker(int id) {
    loop.execute(
        () -> {
          if (isClosed || !isConnected || isCatchingUp) {
            return;
          }
          isCatchingUp = true;
          loop.schedule(CATCH_UP_NANOS, () -> isCatchingUp = false);
          store
              .sync(ZnodePaths.ROOT)
              .thenAccept(
                  isSynced -> {
                    if (isSynced) {
                      next.addChanged(ZnodePaths.liveBroker(id));
                      runLater();
                    }
                  });
        });
  }

  @Override
  public KnownPartitions.@Nullable Known find(String topicId, int partition) {
    loop.assertInLoop();
    TopicPicture topic = picture.topicById(topicId);
    String name = picture.nameOf(topicId);
    if (topic == null || name == null || !isConnected || needsSync || !notStanding.isEmpty()) {
      return null;
    }
    boolean isReadAgain =
        next.concerns(name, topicId, partition) || current.concerns(name, topicId, partition);
    return isReadAgain ? null : topic.node(partition);
  }

  private CompletionStage<ClusterImage> readAgain(Runnable marking) {
    CompletableFuture<ClusterImage> waiter = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (isClosed) {
            waiter.completeExceptionally(closed());
            return;
          }
          marking.run();
          nextWaiters.add(waiter);
          needsSync = true;
          runLater();
        });
    return waiter;
  }

  @Override
  public AutoCloseable onChange(Consumer<ClusterImage> listener) {
    Listening added = new Listening(listener);
    loop.execute(
        () -> {
          listeners.add(added);
          listener.accept(image);
        });
    return () -> loop.execute(() -> listeners.remove(added));
  }

  @Override
  public void close() {
    loop.execute(this::end);
    onClose.run();
  }

  private void end() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    isConnected = false;
    listeners.clear();
    if (session != null) {
      session.close();
    }
    List.copyOf(watches.keySet()).forEach(this::unwatch);
    nextWaiters.forEach(waiter -> waiter.completeExceptionally(closed()));
    nextWaiters.clear();
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("the cluster view is closed");
  }

  /** Not a record: the same listener added twice is removed once. */
  private static final class Listening {
    private final Consumer<ClusterImage> to;

    Listening(Consumer<ClusterImage> to) {
      this.to = to;
    }
  }
}
