package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.client.ClusterMap;
import io.millrace.client.TopicDescription;
import io.millrace.client.errors.ClosedException;
import io.millrace.client.errors.FatalException;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.UnknownTopicException;
import io.millrace.client.metrics.MetricName;
import io.millrace.rpc.Timer;
import io.millrace.wire.v1.MetadataRequest;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import io.millrace.wire.v1.TopicInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Questions about topics that are under way: at most one for each topic, with pauses between
 * repetitions. On the client's loop.
 */
final class TopicLookups {
  private static final Logger log = LoggerFactory.getLogger(TopicLookups.class);

  /** After so long without a sign of trouble the pauses begin anew. */
  private static final long CALM_NANOS = SECONDS.toNanos(5);

  private final Cluster cluster;
  private final LongAdder asked;
  private final Map<String, Lookup> underWay = new HashMap<>();
  private final Map<String, Unrest> unrest = new HashMap<>();

  TopicLookups(Cluster cluster) {
    this.cluster = cluster;
    this.asked = cluster.figures().counter(MetricName.LOOKUPS);
  }

  /** How often a topic has been looked up again in a row. */
  private record Unrest(int count, long lastNanos) {}

  private static final class Lookup {
    final String topic;
    final List<Done<KnownTopic>> waiting = new ArrayList<>();
    final long giveUpNanos;
    boolean mayCreate;
    boolean ended;
    int failures;
    @Nullable Timer limit;

    Lookup(String topic, boolean mayCreate, long giveUpNanos) {
      this.topic = topic;
      this.mayCreate = mayCreate;
      this.giveUpNanos = giveUpNanos;
    }
  }

  /** For somebody who waits, and wants the topic to be created if it is missing. */
  void lookup(String topic, Done<KnownTopic> done) {
    boolean mayCreate = cluster.settings().autoCreate();
    Lookup lookup = underWay.get(topic);
    if (lookup == null) {
      lookup = open(topic, mayCreate);
      ask(lookup);
    }
    lookup.mayCreate |= mayCreate;
    lookup.waiting.add(done);
  }

  /** For somebody who thinks that what is known is old; the pause grows when this goes on. */
  void refresh(String topic) {
    if (underWay.containsKey(topic)) {
      return;
    }
    Lookup lookup = open(topic, false);
    long now = cluster.clock().nanoTime();
    Unrest last = unrest.get(topic);
    int count = last == null || now - last.lastNanos > CALM_NANOS ? 0 : last.count;
    unrest.put(topic, new Unrest(count + 1, now));
    if (count == 0) {
      ask(lookup);
    } else {
      askAfterPause(lookup, count);
    }
  }

  private Lookup open(String topic, boolean mayCreate) {
    long timeoutNanos = cluster.settings().lookupTimeoutNanos();
    Lookup lookup = new Lookup(topic, mayCreate, cluster.clock().nanoTime() + timeoutNanos);
    underWay.put(topic, lookup);
    lookup.limit = cluster.loop().schedule(timeoutNanos, () -> giveUp(lookup));
    return lookup;
  }

  private void giveUp(Lookup lookup) {
    String trouble = cluster.discovery().trouble();
    fail(
        lookup,
        cluster.unreachable(
            cluster.discovery().isOverLimit(),
            "topic "
                + lookup.topic
                + " could not be looked up in time: "
                + (trouble.isEmpty() ? "nobody answered" : trouble)));
  }

  private void ask(Lookup lookup) {
    asked.increment();
    cluster
        .discovery()
        .lookup(List.of(lookup.topic))
        .whenComplete((map, e) -> cluster.loop().execute(() -> answered(lookup, map, e)));
  }

  private void askAfterPause(Lookup lookup, int failures) {
    long nanos = MILLISECONDS.toNanos(cluster.backoffMillis(failures));
    cluster
        .loop()
        .schedule(
            nanos,
            () -> {
              if (!lookup.ended) {
                ask(lookup);
              }
            });
  }

  private void answered(Lookup lookup, @Nullable ClusterMap map, @Nullable Throwable e) {
    if (lookup.ended) {
      return;
    }
    Throwable why = e instanceof CompletionException ? e.getCause() : e;
    if (why instanceof FatalException refusal) {
      fail(lookup, refusal);
      return;
    }
    if (map == null) {
      log.debug("looking up topic {} failed", lookup.topic, e);
      askAfterPause(lookup, ++lookup.failures);
      return;
    }
    cluster.apply(map);
    if (lookup.ended) {
      return; // by nowKnown
    }
    if (map.topics().containsKey(lookup.topic)) {
      found(lookup);
    } else if (lookup.mayCreate) {
      askBroker(lookup);
    } else {
      missing(lookup, new UnknownTopicException(lookup.topic, "there is no topic " + lookup.topic));
    }
  }

  /** The store knows none: a broker may create it, where the cluster allows that. */
  private void askBroker(Lookup lookup) {
    MetadataRequest.Builder metadata =
        MetadataRequest.newBuilder().addTopics(lookup.topic).setAutoCreate(true);
    long leftNanos = Math.max(1, lookup.giveUpNanos - cluster.clock().nanoTime());
    BrokerCall.start(
        cluster,
        () -> Request.newBuilder().setMetadata(metadata),
        true,
        lookup.topic,
        leftNanos,
        (response, e) -> created(lookup, response, e));
  }

  private void created(Lookup lookup, @Nullable Response response, @Nullable MillraceException e) {
    if (lookup.ended) {
      return;
    }
    if (e != null) {
      fail(lookup, e);
      return;
    }
    Objects.requireNonNull(response);
    for (TopicInfo info : response.getMetadata().getTopicsList()) {
      if (info.getName().equals(lookup.topic) && !info.hasError()) {
        TopicDescription description = Descriptions.topic(info);
        cluster.merge(description);
        if (!lookup.ended) {
          found(lookup);
        }
        return;
      }
      if (info.getName().equals(lookup.topic)) {
        missing(lookup, BrokerErrors.exception(info.getError(), lookup.topic, -1));
        return;
      }
    }
    missing(lookup, new UnknownTopicException(lookup.topic, "there is no topic " + lookup.topic));
  }

  private void found(Lookup lookup) {
    KnownTopic known = cluster.topic(lookup.topic);
    if (known == null) {
      // An old answer: it told of a topic that has been replaced since.
      askAfterPause(lookup, ++lookup.failures);
      return;
    }
    end(lookup);
    lookup.waiting.forEach(done -> done.done(known, null));
  }

  /** The topic has become known in another way than by the question that is under way. */
  void nowKnown(KnownTopic topic) {
    Lookup lookup = underWay.get(topic.name());
    if (lookup != null && !lookup.waiting.isEmpty()) {
      end(lookup);
      lookup.waiting.forEach(done -> done.done(topic, null));
    }
  }

  private void missing(Lookup lookup, MillraceException e) {
    cluster.missing(lookup.topic);
    fail(lookup, e);
  }

  private void fail(Lookup lookup, MillraceException e) {
    end(lookup);
    lookup.waiting.forEach(done -> done.done(null, e));
  }

  private void end(Lookup lookup) {
    lookup.ended = true;
    underWay.remove(lookup.topic, lookup);
    if (lookup.limit != null) {
      lookup.limit.cancel();
    }
  }

  void close() {
    for (Lookup lookup : List.copyOf(underWay.values())) {
      fail(lookup, new ClosedException("the client has been closed"));
    }
  }
}
