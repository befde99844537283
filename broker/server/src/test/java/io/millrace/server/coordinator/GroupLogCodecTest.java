package io.millrace.server.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.server.group.CommitNumber;
import io.millrace.server.group.CommittedOffset;
import io.millrace.server.group.GroupChange;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.Subscription;
import io.millrace.server.partition.PartitionId;
import io.millrace.wire.CorruptBatchException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a group's log says is what was decided. */
class GroupLogCodecTest {
  private static final PartitionId ONE = new PartitionId("orders~k3v9x2qa", 1);
  private static final PartitionId TWO = new PartitionId("notes~k3v9x2qb", 0);

  private static GroupMember member(Optional<String> optional, Set<PartitionId> giving) {
    return new GroupMember(
        "m-1",
        new GroupMember.Identity(
            optional, optional, "client", "10.0.0.1", 45_000, 300_000, optional),
        new Subscription(Set.of("orders", "notes"), optional.map(Set::of).orElse(Set.of())),
        GroupMember.AWAY,
        7,
        Set.of(ONE),
        giving);
  }

  static Stream<GroupChange> changes() {
    return Stream.of(
        new GroupChange.MemberIs(member(Optional.empty(), Set.of())),
        new GroupChange.MemberIs(member(Optional.of("one"), Set.of(TWO))),
        new GroupChange.MemberGone("m-1"),
        new GroupChange.EpochIs(12, new TreeMap<>(Map.of("orders~k3v9x2qa", 6)), 0),
        new GroupChange.EpochIs(13, new TreeMap<>(), 1_700_000_000_000L),
        new GroupChange.TargetOf("m-1", Set.of(ONE, TWO)),
        new GroupChange.TargetOf("m-1", Set.of()),
        new GroupChange.TargetsAre(12),
        new GroupChange.Committed(
            ONE, new CommittedOffset(Long.MAX_VALUE, -1, 99, "", CommitNumber.NONE)),
        new GroupChange.Committed(
            ONE, new CommittedOffset(0, 3, 9, 7, "ünicode", CommitNumber.of("m-1", 8))),
        new GroupChange.Forgotten(TWO),
        new GroupChange.Ended());
  }

  @ParameterizedTest
  @MethodSource("changes")
  void readsBackWhatWasWritten(GroupChange change) {
    List<GroupLogCodec.Told> told =
        GroupLogCodec.lines("billing", change).stream()
            .map(line -> GroupLogCodec.read(line.key(), line.value()))
            .toList();
    assertThat(told).allSatisfy(each -> assertThat(each.groupId()).isEqualTo("billing"));
    assertThat(told.stream().flatMap(each -> each.change().stream())).containsExactly(change);
  }

  @Test
  void aLaterStateOfTheSameThingHasTheSameKeySoThatCompactionKeepsOnlyThat() {
    assertThat(key(new GroupChange.MemberIs(member(Optional.empty(), Set.of()))))
        .isEqualTo(key(new GroupChange.MemberIs(member(Optional.of("x"), Set.of(TWO)))))
        .isNotEqualTo(key(new GroupChange.TargetOf("m-1", Set.of())));
    assertThat(
            key(
                new GroupChange.Committed(
                    ONE, new CommittedOffset(1, 1, 1, "a", CommitNumber.NONE))))
        .isEqualTo(key(new GroupChange.Forgotten(ONE)));
  }

  private static ByteBuffer key(GroupChange change) {
    return GroupLogCodec.lines("billing", change).get(0).key();
  }

  @Test
  void refusesBytesThatAreNoRecordOfTheLog() {
    assertThatThrownBy(() -> GroupLogCodec.read(ByteBuffer.wrap(new byte[] {8, -1}), null))
        .isInstanceOf(CorruptBatchException.class);
  }
}
