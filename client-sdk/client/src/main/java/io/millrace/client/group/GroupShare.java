package io.millrace.client.group;

import io.millrace.client.CommittedOffset;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.BlockingConsumer;
import io.millrace.client.errors.MillraceException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the group has given to this consumer: begins, commits and lets go of partitions as the group
 * says, and tells the application. On the polling thread.
 *
 * <p>Whatever the application's listener throws, everything that has to be done is done: nothing is
 * left held that nobody reads, or read that is not held. What it threw comes out in the end.
 */
final class GroupShare {
  private final LoopAsk loop;
  private final GroupSession session;
  private final BlockingConsumer<?, ?> reader;
  private final OffsetCommits commits;
  private final long callTimeoutNanos;
  private boolean isTelling;

  GroupShare(
      LoopAsk loop,
      GroupSession session,
      BlockingConsumer<?, ?> reader,
      OffsetCommits commits,
      long callTimeoutNanos) {
    this.loop = loop;
    this.session = session;
    this.reader = reader;
    this.commits = commits;
    this.callTimeoutNanos = callTimeoutNanos;
  }

  /** Whether the application's listener is being told: what changes the share has to wait. */
  boolean isTelling() {
    return isTelling;
  }

  private void tell(Runnable word) {
    isTelling = true;
    try {
      word.run();
    } finally {
      isTelling = false;
    }
  }

  /**
   * Lets go of what the group takes away, and begins what it gives.
   *
   * @return why the membership has ended, if it has
   */
  Optional<MillraceException> follow(RebalanceListener listener) {
    GroupSession.News news =
        loop.ask("the group", callTimeoutNanos, done -> done.done(session.take(), null));
    Faults faults = new Faults();
    if (news.failure().isPresent()) {
      faults.run(() -> lose(listener));
      faults.suppressIn(news.failure().get());
      return news.failure();
    }
    if (news.lost()) {
      faults.run(() -> lose(listener));
    }
    if (!news.revoked().isEmpty()) {
      revoke(news.revoked(), listener, faults);
    }
    if (!news.added().isEmpty()) {
      faults.run(() -> begin(news.added(), listener));
    }
    faults.rethrow();
    return Optional.empty();
  }

  private void begin(Set<GroupPartition> partitions, RebalanceListener listener) {
    Map<GroupPartition, CommittedOffset> committed;
    try {
      committed = commits.fetch(partitions);
    } catch (MillraceException e) {
      loop.tell(() -> session.gaveUp(partitions)); // to be told of them again
      throw e;
    }
    partitions.forEach(each -> commits.begin(each, committed.get(each)));
    reader.assign(List.copyOf(commits.mine().keySet()));
    committed.forEach((each, offset) -> reader.seek(each.partition(), offset.offset()));
    List<TopicPartition> names = partitions.stream().map(GroupPartition::partition).toList();
    tell(() -> listener.onAssigned(names));
  }

  private void revoke(Set<GroupPartition> partitions, RebalanceListener listener, Faults faults) {
    List<TopicPartition> names =
        partitions.stream()
            .filter(each -> each.equals(commits.mine().get(each.partition())))
            .map(GroupPartition::partition)
            .toList();
    if (!names.isEmpty()) {
      faults.run(() -> commits.commitBeforeLeaving(names, callTimeoutNanos));
      faults.run(() -> tell(() -> listener.onRevoked(names)));
    }
    commits.forget(names);
    reader.assign(List.copyOf(commits.mine().keySet()));
    loop.tell(() -> session.gaveUp(partitions));
  }

  private void lose(RebalanceListener listener) {
    List<TopicPartition> all = List.copyOf(commits.mine().keySet());
    commits.forgetAll();
    reader.assign(List.of());
    try {
      if (!all.isEmpty()) {
        tell(() -> listener.onLost(all));
      }
    } finally {
      loop.tell(session::dropped);
    }
  }

  /**
   * Before the member leaves. What it had been taken from already is lost, not revoked.
   *
   * @param timeoutNanos for the last commit
   */
  void letGoOfAll(RebalanceListener listener, long timeoutNanos, Faults faults) {
    Collection<TopicPartition> all = List.copyOf(commits.mine().keySet());
    if (all.isEmpty()) {
      return;
    }
    boolean[] lost = new boolean[1];
    faults.run(
        () ->
            lost[0] =
                loop.ask("the group", callTimeoutNanos, done -> done.done(session.isLost(), null)));
    if (lost[0]) {
      faults.run(() -> tell(() -> listener.onLost(all)));
    } else {
      faults.run(() -> commits.commitBeforeLeaving(all, timeoutNanos));
      faults.run(() -> tell(() -> listener.onRevoked(all)));
    }
    commits.forgetAll();
  }
}
