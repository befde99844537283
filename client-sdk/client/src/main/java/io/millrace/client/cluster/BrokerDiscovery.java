package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.client.Broker;
import io.millrace.client.ClusterMap;
import io.millrace.client.Discovery;
import io.millrace.client.TopicDescription;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.EventLoop;
import io.millrace.rpc.Tasks;
import io.millrace.rpc.Timer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds leaders by asking brokers, without ZooKeeper: at once when somebody looks something up,
 * soon when somebody doubts what is known, and from time to time besides.
 *
 * <p>The cluster of the first broker that answers is this client's; what says otherwise later is
 * not believed (B94). Owner: the client's loop, but for what {@link Discovery} opens to any thread.
 */
public final class BrokerDiscovery implements Discovery, BrokerQuestions.Asker {
  private static final Logger log = LoggerFactory.getLogger(BrokerDiscovery.class);

  /** Of one request; the rest goes with the next. */
  private static final int MAX_TOPICS = 1_000;

  private static final long CLOSE_SECONDS = 5;

  private final EventLoop loop;
  private final RandomGenerator random;
  private final BrokerDiscoverySettings settings;
  private final BrokerQuestions questions;
  private final CopyOnWriteArrayList<Consumer<ClusterMap>> listeners = new CopyOnWriteArrayList<>();

  // Written on the loop, read by anybody.
  private volatile ClusterMap current = ClusterMap.EMPTY;
  private volatile String trouble = "no broker has been asked yet";
  private volatile boolean isOverLimit;

  // On the loop.
  private final Set<String> followed = new LinkedHashSet<>();
  private final List<TopicQuestion> waiting = new ArrayList<>();
  private final Deque<String> toRefresh = new ArrayDeque<>();
  private boolean refreshDue;

  /** Since the last question, and with the present one: what is known has not proved true. */
  private boolean wasDoubted;

  private boolean isDoubted;

  private boolean isInDoubt;
  private @Nullable Timer refresh;
  private long refreshAtNanos;
  private long lastAskedNanos;
  private boolean closed;

  /**
   * Asks nobody before somebody listens or looks something up.
   *
   * @param loop the client's
   * @param connector opens the one connection that questions go over
   */
  public BrokerDiscovery(
      BrokerAddresses given,
      BrokerDiscoverySettings settings,
      EventLoop loop,
      Tasks tasks,
      Connector connector) {
    this.loop = loop;
    this.random = tasks.random();
    this.settings = settings;
    this.questions = new BrokerQuestions(this, given.brokers(), settings, loop, random, connector);
    this.lastAskedNanos = loop.clock().nanoTime() - longestPauseNanos();
  }

  // ---- Any thread ------------------------------------------------------------------------------

  @Override
  public ClusterMap current() {
    return current;
  }

  @Override
  public CompletionStage<ClusterMap> lookup(Collection<String> topics) {
    TopicQuestion question = new TopicQuestion(topics);
    loop.execute(
        () -> {
          if (closed) {
            question.future().completeExceptionally(closed());
          } else {
            waiting.add(question);
            questions.pump();
          }
        });
    return question.future();
  }

  @Override
  public AutoCloseable onChange(Consumer<ClusterMap> listener) {
    loop.execute(
        () -> {
          listeners.add(listener);
          listener.accept(current);
          if (current.clusterId().isEmpty()) {
            refreshNow();
          }
        });
    return () -> loop.execute(() -> listeners.remove(listener));
  }

  @Override
  public boolean isConnected() {
    return trouble.isEmpty();
  }

  @Override
  public String trouble() {
    return trouble;
  }

  @Override
  public boolean isOverLimit() {
    return isOverLimit;
  }

  /** Not all clients at once, and one client not all the time. */
  @Override
  public void doubt() {
    loop.execute(
        () -> {
          wasDoubted = true;
          long jitterNanos = MILLISECONDS.toNanos(settings.backoff().delayMillis(1, random));
          long sinceNanos = loop.clock().nanoTime() - lastAskedNanos;
          refreshIn(Math.max(jitterNanos, longestPauseNanos() - sinceNanos));
        });
  }

  @Override
  public void close() {
    if (loop.inLoop()) {
      shut();
      return;
    }
    CompletableFuture<Boolean> shut = new CompletableFuture<>();
    loop.execute(
        () -> {
          shut();
          shut.complete(true);
        });
    // A loop that has ended already has nothing left to close.
    shut.completeOnTimeout(false, CLOSE_SECONDS, SECONDS).join();
  }

  // ---- When to ask -----------------------------------------------------------------------------

  private long longestPauseNanos() {
    return MILLISECONDS.toNanos(settings.backoff().maxMillis());
  }

  private void refreshNow() {
    if (!closed) {
      refreshDue = true;
      questions.pump();
    }
  }

  /** Unless it happens sooner anyway. */
  private void refreshIn(long nanos) {
    long at = loop.clock().nanoTime() + nanos;
    if (closed || refreshDue || (refresh != null && refreshAtNanos - at <= 0)) {
      return;
    }
    if (refresh != null) {
      refresh.cancel();
    }
    refreshAtNanos = at;
    refresh =
        loop.schedule(
            nanos,
            () -> {
              refresh = null;
              refreshNow();
            });
  }

  @Override
  public @Nullable Set<String> next() {
    if (closed || (waiting.isEmpty() && !refreshDue)) {
      return null;
    }
    if (refreshDue && toRefresh.isEmpty()) {
      toRefresh.addAll(followed);
    }
    Set<String> names = new LinkedHashSet<>();
    for (TopicQuestion question : waiting) {
      if (names.isEmpty() || names.size() + question.topics().size() <= MAX_TOPICS) {
        names.addAll(question.topics());
        question.takeAlong();
      }
    }
    isDoubted = wasDoubted || waiting.stream().anyMatch(this::asksAboutWhatIsKnown);
    wasDoubted = false;
    // Not taken out before they are answered; asking about one twice does no harm.
    toRefresh.stream().limit(Math.max(0, MAX_TOPICS - names.size())).forEach(names::add);
    lastAskedNanos = loop.clock().nanoTime();
    return names;
  }

  private boolean asksAboutWhatIsKnown(TopicQuestion question) {
    return question.topics().stream().anyMatch(current.topics()::containsKey);
  }

  // ---- What came -------------------------------------------------------------------------------

  @Override
  public String clusterId() {
    return current.clusterId();
  }

  @Override
  public Collection<Endpoint> live() {
    return current.brokers().values().stream()
        .sorted(Comparator.comparingInt(Broker::id))
        .map(broker -> new Endpoint(broker.host(), broker.port()))
        .toList();
  }

  @Override
  public @Nullable String answered(MetadataAnswer answer) {
    String reason = whyNotBelieved(answer);
    if (reason != null) {
      return reason;
    }
    trouble = "";
    isOverLimit = false;
    isInDoubt = isDoubted && current.brokers().size() > 1 && !Newest.isNews(current, answer);
    merge(answer);
    // Also what it does not tell, or a broker could keep us asking: the next refresh is another.
    toRefresh.removeIf(answer::isAbout);
    if (toRefresh.isEmpty()) {
      refreshDue = false;
      refreshIn((long) (settings.refreshNanos() * (0.8 + 0.4 * random.nextDouble())));
    }
    String open = null;
    for (TopicQuestion question : List.copyOf(waiting)) {
      if (question.isUnderWay()) {
        question.back();
        MillraceException refusal = question.refusal(answer);
        if (refusal != null) {
          waiting.remove(question);
          question.future().completeExceptionally(refusal);
        } else if (question.isAnsweredBy(answer, current.brokers().size())) {
          waiting.remove(question);
          question.future().complete(current);
        } else {
          open = "topics " + question.topics() + " are not known there yet";
        }
      }
    }
    return open;
  }

  @Override
  public boolean isInDoubt() {
    return isInDoubt;
  }

  private @Nullable String whyNotBelieved(MetadataAnswer answer) {
    if (answer.clusterId().isEmpty() || answer.brokers().isEmpty()) {
      return "it does not know its cluster yet";
    }
    if (!clusterId().isEmpty() && !clusterId().equals(answer.clusterId())) {
      String why = "it is of cluster " + answer.clusterId() + ", not of " + clusterId();
      log.warn("broker {} is not believed: {}", answer.brokerId(), why);
      return why;
    }
    return null;
  }

  private void merge(MetadataAnswer answer) {
    followed.addAll(answer.found().keySet());
    followed.removeAll(answer.missing());
    Map<String, TopicDescription> topics = new HashMap<>(current.topics());
    answer.found().forEach((name, told) -> topics.merge(name, told, Newest::of));
    topics.keySet().removeAll(answer.missing());
    Map<Integer, Broker> brokers = answer.brokers();
    ClusterMap newest = new ClusterMap(answer.clusterId(), brokers, topics);
    if (!newest.equals(current)) {
      current = newest;
      listeners.forEach(listener -> listener.accept(newest));
    }
  }

  @Override
  public void failed(String why, boolean isOverLimit, boolean everybody) {
    waiting.forEach(TopicQuestion::back);
    if (isOverLimit && !this.isOverLimit) {
      log.warn("{}; it is tried again", why);
    }
    this.isOverLimit = isOverLimit;
    if (everybody || !trouble.isEmpty()) {
      trouble = why;
    }
    log.debug("a broker could not be asked: {}", why);
  }

  // ---- The end ---------------------------------------------------------------------------------

  private void shut() {
    closed = true;
    trouble = "the client has been closed";
    if (refresh != null) {
      refresh.cancel();
    }
    questions.close();
    waiting.forEach(question -> question.future().completeExceptionally(closed()));
    waiting.clear();
  }

  private static ClosedException closed() {
    return new ClosedException("the client has been closed");
  }
}
