package io.millrace.server.coordinator;

import io.millrace.coordination.view.TopicImage;
import io.millrace.server.cluster.Catalog;
import io.millrace.server.explain.Finding;
import io.millrace.server.explain.Reason;
import io.millrace.server.group.Group;
import io.millrace.server.group.GroupMember;
import io.millrace.server.group.TopicPattern;
import io.millrace.server.partition.PartitionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Why a group is as it is, as its coordinator sees it. Pure. */
public final class GroupFindings {
  private static final int NAMED = 10;

  private final Catalog catalog;
  private final GroupReading group;
  private final List<Finding> findings = new ArrayList<>();

  private GroupFindings(Catalog catalog, GroupReading group) {
    this.catalog = catalog;
    this.group = group;
  }

  /** Never empty; the worst first. */
  public static List<Finding> of(
      Catalog catalog, GroupReading group, List<GroupProgress> progress) {
    GroupFindings all = new GroupFindings(catalog, group);
    if (group.damage().isEmpty()) {
      all.membership(progress);
    } else {
      all.add(Reason.GROUP_DAMAGED, group.damage());
    }
    progress.forEach(all::progress);
    return Finding.sorted(all.findings);
  }

  private void membership(List<GroupProgress> progress) {
    state(progress);
    if (!group.alarm().isEmpty()) {
      add(Reason.ASSIGNMENT_FAILED, group.alarm());
    }
    group.members().forEach(this::member);
    missingTopics();
  }

  private void add(Reason reason, String text) {
    findings.add(Finding.of(reason, text));
  }

  private void state(List<GroupProgress> progress) {
    int members = group.members().size();
    int held = group.holdings().size();
    long behind = progress.stream().mapToLong(each -> each.records().orElse(0)).sum();
    if (members == 0) {
      add(
          Reason.GROUP_EMPTY,
          "no member; offsets of %,d partition(s) are kept, %,d record(s) behind"
              .formatted(group.offsets().size(), behind));
    } else if (group.summary().state() == Group.State.STABLE) {
      add(
          Reason.GROUP_STABLE,
          "%,d member(s) hold %,d partition(s), %,d record(s) behind"
              .formatted(members, held, behind));
    } else {
      add(
          Reason.GROUP_MOVING,
          "partitions are on their way to their members; %,d of %,d member(s) have come to epoch %d"
              .formatted(
                  group.members().stream()
                      .filter(each -> each.member().epoch() == group.groupEpoch())
                      .count(),
                  members,
                  group.groupEpoch()));
    }
    long idle =
        group.members().stream()
            .filter(each -> each.target().isEmpty() && !each.member().isAway())
            .count();
    if (idle > 0) {
      add(
          Reason.MEMBERS_IDLE,
          "%,d of %,d member(s) have nothing to read: there are %,d partition(s)"
              .formatted(idle, members, held));
    }
  }

  private void member(GroupReading.MemberReading reading) {
    GroupMember member = reading.member();
    int limit = member.identity().sessionTimeoutMillis();
    if (member.isAway()) {
      add(
          Reason.MEMBER_AWAY,
          "%s has left for a moment; its partitions wait for it for another %,d ms"
              .formatted(name(member), Math.max(0, limit - reading.silentMillis())));
    } else if (reading.silentMillis() > limit / 3) {
      add(
          Reason.MEMBER_SILENT,
          "%s was not heard of for %,d ms, and is out after %,d"
              .formatted(name(member), reading.silentMillis(), limit));
    }
    List<String> waits = new ArrayList<>();
    for (PartitionId wanted : reading.target()) {
      GroupReading.Holding holding = group.holdings().get(wanted);
      if (holding != null && !holding.memberId().equals(member.id())) {
        waits.add(topicOf(wanted) + "/" + wanted.partition() + " from " + holding.memberId());
      }
    }
    if (!waits.isEmpty()) {
      waits.sort(null);
      add(
          Reason.WAITS_FOR_REVOCATION,
          "%s gets what another member has not given up yet: %s"
              .formatted(name(member), named(waits)));
    }
  }

  private static String name(GroupMember member) {
    return "member %s (%s on %s)"
        .formatted(member.id(), member.identity().clientId(), member.identity().host());
  }

  private void missingTopics() {
    Set<String> missing = new TreeSet<>();
    Set<String> names = new CatalogTopics(catalog).names();
    for (GroupReading.MemberReading each : group.members()) {
      each.member().subscription().topics().stream()
          .filter(topic -> !names.contains(topic) && !GroupsTopic.isName(topic))
          .forEach(missing::add);
      each.member().subscription().patterns().stream()
          .filter(pattern -> names.stream().noneMatch(name -> TopicPattern.matches(pattern, name)))
          .forEach(pattern -> missing.add("(pattern) " + pattern));
    }
    if (!missing.isEmpty()) {
      add(
          Reason.TOPIC_MISSING,
          "subscribed to what does not exist: " + named(new ArrayList<>(missing)));
    }
  }

  private void progress(GroupProgress one) {
    String where = topicOf(one.id()) + "/" + one.id().partition();
    if (!(one.lag() instanceof LagAnswer.Known known)) {
      LagAnswer.Unknown unknown = (LagAnswer.Unknown) one.lag();
      add(Reason.LAG_UNKNOWN, where + ": " + unknown.why().message());
      return;
    }
    long committed = one.committed().orElse(known.end());
    if (committed < known.start()) {
      add(
          Reason.OFFSET_BEFORE_START,
          "%s: committed is offset %,d, and the first that is left is %,d"
              .formatted(where, committed, known.start()));
    } else if (committed > known.end()) {
      add(
          Reason.OFFSET_BEYOND_END,
          "%s: committed is offset %,d, and the end is %,d"
              .formatted(where, committed, known.end()));
    }
    if (one.stuck()) {
      add(
          Reason.STUCK,
          "%s: %s stands at offset %,d for %,d s, %,d record(s) before the end"
              .formatted(
                  where,
                  one.memberId().orElse("nobody"),
                  committed,
                  one.stillMillis().orElse(0) / 1_000,
                  one.records().orElse(0)));
    }
  }

  private String topicOf(PartitionId id) {
    return catalog.topic(id.topicId()).map(TopicImage::name).orElse(id.topicId());
  }

  private static String named(List<String> names) {
    int more = names.size() - NAMED;
    return String.join(", ", more > 0 ? names.subList(0, NAMED) : names)
        + (more > 0 ? " and %,d more".formatted(more) : "");
  }
}
