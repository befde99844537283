package io.millrace.cli.bench;

import io.millrace.client.CommitCallback;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.PartitionInfo;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A group in memory that shares one topic out fairly and moves no more than it must. Each poll
 * brings the next record of each partition that the consumer holds.
 */
final class PretendGroup {
  static final String TOPIC = "load";
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** How long what a lost member held stays with it, in looks of the others. */
  private static final int SESSION_LOOKS = 40;

  private final int partitions;
  private final Map<Integer, Long> next = new HashMap<>();
  private final List<Member> members = new ArrayList<>();

  PretendGroup(int partitions) {
    this.partitions = partitions;
  }

  private static final class Member {
    final Set<Integer> target = new TreeSet<>();
    final Set<Integer> held = new TreeSet<>();
    final Set<TopicPartition> paused = new HashSet<>();
    int looksLeft = Integer.MAX_VALUE;
    @Nullable RebalanceListener listener;
  }

  Consumer<ByteBuffer, ByteBuffer> consumer(boolean isStatic) {
    return new MemberConsumer(new Member(), isStatic);
  }

  /** What a member of a bench asks of its consumer; nothing else is answered. */
  private final class MemberConsumer implements Consumer<ByteBuffer, ByteBuffer> {
    private final Member member;
    private final boolean isStatic;

    MemberConsumer(Member member, boolean isStatic) {
      this.member = member;
      this.isStatic = isStatic;
    }

    @Override
    public void subscribe(Collection<String> topics, RebalanceListener listener) {
      member.listener = listener;
      join(member);
    }

    @Override
    public ConsumerRecords<ByteBuffer, ByteBuffer> poll(Duration timeout) {
      return PretendGroup.this.poll(member);
    }

    @Override
    public void commitSync() {}

    @Override
    public void commitAsync(CommitCallback callback) {
      callback.onCommitted(Map.of(), null);
    }

    @Override
    public void close() {
      leave(member, isStatic);
    }

    @Override
    public void close(Duration timeout) {
      close();
    }

    private UnsupportedOperationException unasked() {
      return new UnsupportedOperationException("no bench asks for it");
    }

    @Override
    public void assign(Collection<TopicPartition> partitions) {
      throw unasked();
    }

    @Override
    public Set<TopicPartition> assignment() {
      throw unasked();
    }

    @Override
    public void seek(TopicPartition partition, long offset) {
      throw unasked();
    }

    @Override
    public void seekToBeginning(Collection<TopicPartition> partitions) {
      throw unasked();
    }

    @Override
    public void seekToEnd(Collection<TopicPartition> partitions) {
      throw unasked();
    }

    @Override
    public long position(TopicPartition partition) {
      throw unasked();
    }

    @Override
    public long position(TopicPartition partition, Duration timeout) {
      throw unasked();
    }

    @Override
    public void pause(Collection<TopicPartition> partitions) {
      member.paused.addAll(partitions);
    }

    @Override
    public void resume(Collection<TopicPartition> partitions) {
      throw unasked();
    }

    @Override
    public Set<TopicPartition> paused() {
      throw unasked();
    }

    @Override
    public OptionalLong currentLag(TopicPartition partition) {
      throw unasked();
    }

    @Override
    public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
      throw unasked();
    }

    @Override
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
      throw unasked();
    }

    @Override
    public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
        Map<TopicPartition, Long> timestamps) {
      throw unasked();
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
      throw unasked();
    }

    @Override
    public void wakeup() {
      throw unasked();
    }
  }

  private synchronized void join(Member member) {
    members.add(member);
    share();
  }

  /** Whoever has too many gives, whoever has too few takes. */
  private void share() {
    List<Member> live = members.stream().filter(each -> each.looksLeft > 0).toList();
    Set<Integer> free = new TreeSet<>();
    for (int i = 0; i < partitions; i++) {
      free.add(i);
    }
    int least = partitions / live.size();
    int spare = partitions % live.size();
    for (Member member : live) {
      List<Integer> had = List.copyOf(member.target);
      member.target.clear();
      int most = least + (had.size() > least && spare > 0 ? 1 : 0);
      spare -= most - least;
      had.stream().limit(most).filter(free::remove).forEach(member.target::add);
    }
    for (Member member : live) {
      while (member.target.size() < least || (spare > 0 && member.target.size() == least)) {
        spare -= member.target.size() == least ? 1 : 0;
        int taken = free.iterator().next();
        free.remove(taken);
        member.target.add(taken);
      }
    }
  }

  private ConsumerRecords<ByteBuffer, ByteBuffer> poll(Member member) {
    LockSupport.parkNanos(POLL_NANOS);
    RebalanceListener listener = java.util.Objects.requireNonNull(member.listener);
    Set<Integer> revoked = new HashSet<>();
    Set<Integer> added = new HashSet<>();
    synchronized (this) {
      for (Member other : members) {
        if (other.looksLeft != Integer.MAX_VALUE && other.looksLeft > 0 && --other.looksLeft == 0) {
          other.held.clear();
          other.target.clear();
          share();
        }
      }
      revoked.addAll(member.held);
      revoked.removeAll(member.target);
      added.addAll(member.target);
      added.removeAll(member.held);
      members.stream().filter(each -> each != member).forEach(each -> added.removeAll(each.held));
      member.held.addAll(added);
    }
    if (!revoked.isEmpty()) {
      listener.onRevoked(named(revoked));
    }
    synchronized (this) {
      member.held.removeAll(revoked);
    }
    if (!added.isEmpty()) {
      listener.onAssigned(named(added));
    }
    return new ConsumerRecords<>(records(member));
  }

  private synchronized Map<TopicPartition, List<ConsumerRecord<ByteBuffer, ByteBuffer>>> records(
      Member member) {
    Map<TopicPartition, List<ConsumerRecord<ByteBuffer, ByteBuffer>>> records = new HashMap<>();
    for (int each : member.held) {
      TopicPartition at = new TopicPartition(TOPIC, each);
      if (member.paused.contains(at)) {
        continue;
      }
      long offset = next.merge(each, 1L, Long::sum) - 1;
      records.put(
          at,
          List.of(new ConsumerRecord<>(at, offset, 0, null, ByteBuffer.allocate(3), List.of())));
    }
    return records;
  }

  private synchronized void leave(Member member, boolean isStatic) {
    if (isStatic) {
      member.looksLeft = SESSION_LOOKS;
      return;
    }
    members.remove(member);
    member.held.clear();
    if (members.stream().anyMatch(each -> each.looksLeft > 0)) {
      share();
    }
  }

  private static Collection<TopicPartition> named(Set<Integer> numbers) {
    return numbers.stream().map(each -> new TopicPartition(TOPIC, each)).toList();
  }

  static Duration session() {
    return Duration.ofSeconds(5);
  }
}
