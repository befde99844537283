package io.millrace.server.explain;

import io.millrace.wire.v1.Severity;
import java.util.Locale;

/**
 * Every reason an explanation can give, in the order of {@code broker/EXPLAIN.md}, which is written
 * from this table. A word, once released, keeps its meaning: programs go by it.
 */
public enum Reason {
  // ---- Leadership
  LED(Group.LEADERSHIP, Severity.FINE, "A live broker leads the partition.", ""),
  LEADER_PREPARING(
      Group.LEADERSHIP,
      Severity.WAITING,
      "The leader has been elected, and its log is still being cut on behalf of an earlier one.",
      ""),
  LEADER_NOT_SERVING(
      Group.LEADERSHIP,
      Severity.WAITING,
      "The broker that is asked is named as the leader, and does not lead here: it has not opened"
          + " the log yet, or does not believe what the store says.",
      "If it stays so, look into this broker's log."),
  LEADER_SUSPECTED(
      Group.LEADERSHIP,
      Severity.WAITING,
      "The leader does not answer the broker that is asked, whose next in-sync replica takes its"
          + " place.",
      ""),
  ELECTION(
      Group.LEADERSHIP,
      Severity.WAITING,
      "The leader is gone, and a live replica that holds all committed records is about to take its"
          + " place.",
      "If it stays so, look into the log of the broker that is named, and whether it reaches"
          + " ZooKeeper."),
  NO_CANDIDATE(
      Group.LEADERSHIP,
      Severity.BROKEN,
      "Nobody leads, and no live replica is known to hold all committed records.",
      "Start the brokers that are named again. If they are lost for good, topic elect --unclean"
          + " gives the partition to the live replica that has the most, and loses what only they"
          + " had."),
  ROLL_CALL(
      Group.LEADERSHIP,
      Severity.WAITING,
      "Replicas have left in doubt after a power loss, and said what they have. When all that counted"
          + " have said so, the one with the most leads by itself.",
      "Start the brokers that are named."),
  CANNOT_LEAD(
      Group.LEADERSHIP,
      Severity.BROKEN,
      "What kept this broker from leading when it last tried: it waits for others in a roll call"
          + " after a power loss, or what it has cannot be trusted.",
      ""),
  PREFERRED_LEADER_ELSEWHERE(
      Group.LEADERSHIP,
      Severity.WAITING,
      "The first of the replicas does not lead. It gets the leadership back by itself some seconds"
          + " after it has come into sync, unless it drains or its disk is full.",
      "topic elect --preferred does it at once."),
  DRAINING(
      Group.LEADERSHIP,
      Severity.WAITING,
      "The broker hands over what it leads and takes nothing by preference, as it was told to.",
      "broker drain --cancel ends it."),
  STORE_WENT_BACK(
      Group.LEADERSHIP,
      Severity.BROKEN,
      "ZooKeeper has an older state of the partition than this broker has seen, as after being"
          + " restored from a backup. The data is kept, and nothing is served.",
      "Restore a newer state of ZooKeeper. Without one, topic elect --unclean goes on above every"
          + " epoch that was seen, with the replica that has the most: start all of them before."),
  POSSIBLE_LOSS(
      Group.LEADERSHIP,
      Severity.WAITING,
      "An election in the past may have lost committed records. It stays on record.",
      "Compare with what producers remember; then it can be forgotten about."),

  // ---- Replicas
  IN_SYNC(Group.REPLICAS, Severity.FINE, "Every replica has all committed records.", ""),
  BELOW_MINIMUM(
      Group.REPLICAS,
      Severity.BROKEN,
      "Fewer replicas are in sync than the topic wants (min.in.sync): producers of level standard"
          + " and synced are refused, and nothing new is shown to consumers.",
      "Bring the replicas that are named below back; or lower min.in.sync of the topic."),
  ELIGIBLE_SET(
      Group.REPLICAS,
      Severity.WAITING,
      "Replicas that left when too few were in sync, and hold all committed records: they may lead"
          + " when no in-sync replica lives. Nothing is committed until enough are in sync again.",
      ""),
  REPLICA_DOWN(
      Group.REPLICAS,
      Severity.WAITING,
      "A replica's broker is not registered in ZooKeeper.",
      "Start the broker. Its replicas catch up by themselves."),
  NOT_FETCHING(
      Group.REPLICAS,
      Severity.WAITING,
      "A replica's broker lives and does not fetch from the leader.",
      "If it stays so: explain broker of that broker, its log, and whether it reaches the leader's"
          + " internal listener."),
  CATCHING_UP(
      Group.REPLICAS,
      Severity.WAITING,
      "A replica copies from the leader and does not have all records yet.",
      "If it does not come closer, look at its disk and the network between the two."),
  LAGGING(
      Group.REPLICAS,
      Severity.WAITING,
      "An in-sync replica has lacked records for a while: it holds acknowledgements up, and leaves"
          + " the in-sync set when it goes on.",
      "Look at its disk, its processor, and the network between the two."),
  OUT_OF_SYNC(
      Group.REPLICAS,
      Severity.WAITING,
      "A replica is not in sync; the leader can say how far it is, and was not the one to answer.",
      ""),
  SETS_CHANGING(
      Group.REPLICAS,
      Severity.WAITING,
      "The leader is writing another in-sync set to ZooKeeper. Until it knows the outcome both sets"
          + " must have a record before it counts as committed.",
      "If it stays so, ZooKeeper does not answer."),
  NOT_COPYING(
      Group.REPLICAS,
      Severity.BROKEN,
      "The broker that is asked cannot copy from the leader; the text says why.",
      "It tries again every second. If it stays so: what the text names, and the log of both."),
  FOLLOWING(Group.REPLICAS, Severity.FINE, "The broker that is asked copies the partition.", ""),

  // ---- Records
  COMMITTING(
      Group.RECORDS,
      Severity.WAITING,
      "Records that the leader has are not committed yet: they wait for the replicas that are"
          + " named, or for a disk. Under load there are always some.",
      ""),

  COMPACTED(
      Group.RECORDS,
      Severity.FINE,
      "The topic keeps the latest record of each key (cleanup): how far the broker that is asked"
          + " has compacted what it stores of the partition.",
      ""),
  COMPACTION_BEHIND(
      Group.RECORDS,
      Severity.WAITING,
      "What a broker stores of a partition could be compacted, and should be, for more than ten"
          + " minutes: others are compacted first, or there is more than may be read in that time.",
      "If it stays so: compaction.bytes.per.second lets it read more, compaction.memory.bytes needs"
          + " fewer passes, a higher compaction.dirty.percent of topics gives it less to do."),
  COMPACTION_STUCK(
      Group.RECORDS,
      Severity.BROKEN,
      "What a broker stores of a partition cannot be compacted: no room to write a file anew,"
          + " damage, or a batch of more keys than fit into memory. Nothing is lost; records stay"
          + " that have a later one of their key. It is tried again every minute.",
      "The text says what is in the way. Free some space, look at the disk, or raise"
          + " compaction.memory.bytes."),

  // ---- The broker
  SERVING(Group.BROKER, Severity.FINE, "The broker serves.", ""),
  NOT_READY(
      Group.BROKER,
      Severity.BROKEN,
      "The broker says of itself that it is not ready; the text says why.",
      ""),
  NO_ZOOKEEPER(
      Group.BROKER,
      Severity.WAITING,
      "The broker has no contact with ZooKeeper. What it leads it serves on; leaders and sets cannot"
          + " change.",
      "Look whether ZooKeeper runs and is reached from there."),
  BROKER_SUSPECTED(
      Group.BROKER,
      Severity.WAITING,
      "Another broker does not answer this one.",
      "If it stays so: the network between the two, or that broker hangs."),
  OFFLINE_LOG(
      Group.BROKER,
      Severity.BROKEN,
      "The log of a replica on the broker cannot be used: damaged, or its disk failed.",
      "The text says what is wrong. What may pass is tried again by itself; a damaged copy is copied"
          + " anew once another replica leads. If it stays so: check the disk, start the broker again."),
  DAMAGED(
      Group.BROKER,
      Severity.BROKEN,
      "Bytes of a log are not what was written: a disk has changed them. Records in that range are"
          + " not given to anybody; all others are.",
      "It is put right by itself from a replica that has them whole; where another replica is in"
          + " sync, that one leads meanwhile. If it stays so: the text says what is waited for. Look"
          + " at the disk."),
  DISK_FULL(
      Group.BROKER,
      Severity.BROKEN,
      "The disk of the broker that is asked is full: producers of what it leads are refused, and it"
          + " copies nothing.",
      "Free some space, or shorten the retention of a topic; it goes on by itself. What another"
          + " replica in sync can lead is handed over to it meanwhile."),
  NODES_REFUSED(
      Group.BROKER,
      Severity.BROKEN,
      "Nodes in ZooKeeper make no sense to the broker, by their names or their contents, as when"
          + " another program writes there or an old backup was restored. What they held before goes"
          + " on; from what they hold now nobody can be elected.",
      "The broker's log names each; zk-shell shows and mends them."),
  READ_AGAIN(
      Group.BROKER,
      Severity.FINE,
      "How far the broker is with reading again all that it stores, to find bytes that have changed"
          + " on the disk (scrub.interval.ms).",
      ""),
  LEADING(Group.BROKER, Severity.FINE, "How many partitions the broker leads and copies.", ""),
  PARTITIONS_IN_TROUBLE(
      Group.BROKER,
      Severity.WAITING,
      "Partitions of the broker that are not as they should be.",
      "explain partition tells about each."),

  // ---- A group
  GROUP_STABLE(Group.GROUP, Severity.FINE, "Every member of the group has what it shall have.", ""),
  GROUP_EMPTY(
      Group.GROUP,
      Severity.FINE,
      "The group has no members. Its offsets are kept for group.retention.ms.",
      ""),
  GROUP_MOVING(
      Group.GROUP,
      Severity.WAITING,
      "Members, subscriptions or topics have changed, and partitions move. Whoever keeps its"
          + " partitions goes on reading.",
      ""),
  GROUP_UNKNOWN(
      Group.GROUP,
      Severity.WAITING,
      "There is no such group: nobody has joined it or committed for it, or it was deleted or"
          + " forgotten since.",
      "Is the name right? group list has them all."),
  COORDINATOR_ELSEWHERE(
      Group.GROUP,
      Severity.WAITING,
      "Another broker coordinates the group, and did not answer when it was asked.",
      "explain broker tells of it."),
  COORDINATOR_LOADING(
      Group.GROUP,
      Severity.WAITING,
      "The coordinator has taken over and reads what it has to know; members go on reading"
          + " meanwhile, and commit again afterwards. If it cannot read on, the text says why.",
      "If it stays so, look into its broker's log."),
  NO_COORDINATOR(
      Group.GROUP,
      Severity.BROKEN,
      "Nobody leads the partition that keeps the group: nobody can join, and nothing can be"
          + " committed. Members go on with what they have.",
      "explain partition, of the one that is named, says what is missing."),
  GROUPS_TOO_FEW_REPLICAS(
      Group.GROUP,
      Severity.WAITING,
      "The topic that keeps groups was made when fewer brokers were there, and has fewer replicas than"
          + " it could have: when theirs are away, so is every group.",
      "Let group.replicas say how many there shall be before the first consumer group of a cluster is"
          + " used: they are waited for. Now: millrace topic alter __groups --replicas N."),
  GROUP_DAMAGED(
      Group.GROUP,
      Severity.BROKEN,
      "What is kept of the group contradicts itself, or was written by a newer broker: nobody can"
          + " join it or commit for it. Other groups are not concerned.",
      "Note the offsets that group describe still shows, clear it away by group delete, and say by"
          + " group reset where it goes on. Keep a copy of the log that is named, and report it."),
  ASSIGNMENT_FAILED(
      Group.GROUP,
      Severity.BROKEN,
      "Partitions could not be shared out as they should be; the text says why.",
      "Change the assignor or the patterns that members ask for."),
  WAITS_FOR_REVOCATION(
      Group.GROUP,
      Severity.WAITING,
      "A member shall have a partition that another one has not given up yet: its application has not"
          + " polled since it was told. It is put out when it takes longer than it may"
          + " (max.poll.interval.ms).",
      ""),
  MEMBER_SILENT(
      Group.GROUP,
      Severity.WAITING,
      "A member was not heard of for a third of its session time-out or more. At the end of it, its"
          + " partitions go to the others.",
      "Is its process alive, and does it reach the coordinator?"),
  MEMBER_AWAY(
      Group.GROUP,
      Severity.WAITING,
      "A static member has left and is expected back; its partitions are kept for it.",
      ""),
  MEMBERS_IDLE(
      Group.GROUP,
      Severity.WAITING,
      "There are more members than partitions to read.",
      "topic alter --partitions gives the topic more, or stop some."),
  TOPIC_MISSING(
      Group.GROUP,
      Severity.WAITING,
      "Members have subscribed to topics that do not exist, or by patterns that match none. Such as"
          + " are made later are read from their beginning.",
      ""),
  STUCK(
      Group.GROUP,
      Severity.BROKEN,
      "A member has held a partition for five minutes or more, in which there was something to read,"
          + " and the committed offset did not move.",
      "The application does not come on: look at that member. A record that it cannot process, a slow"
          + " dependency, or commits that it forgets."),
  OFFSET_BEFORE_START(
      Group.GROUP,
      Severity.BROKEN,
      "What the group would read next is not there any more: retention or trimming took records that"
          + " it had not read.",
      "group reset --to earliest goes on with what is left; let retention be longer than the group may"
          + " be behind."),
  OFFSET_BEYOND_END(
      Group.GROUP,
      Severity.BROKEN,
      "The group has committed beyond the end of the partition: it was set so by hand, or records were"
          + " lost by an unclean election.",
      "group reset says where to go on; explain partition whether records were lost."),
  LAG_UNKNOWN(
      Group.GROUP,
      Severity.WAITING,
      "The leader of a partition did not say how far the group is behind.",
      "explain partition says how it is."),

  // ---- The topic
  TOPIC_DELETING(
      Group.TOPIC, Severity.WAITING, "The topic is being deleted; its replicas give up.", ""),
  STATE_UNREADABLE(
      Group.TOPIC,
      Severity.BROKEN,
      "The partition's state in ZooKeeper is missing or makes no sense. What was known last is kept"
          + " to.",
      "zk-shell shows it; restore it from a backup or by hand.");

  /** What reasons are about: a chapter of the page. */
  enum Group {
    LEADERSHIP("Who leads"),
    REPLICAS("Replicas"),
    RECORDS("Records"),
    BROKER("A broker"),
    GROUP("A group"),
    TOPIC("A topic");

    private final String title;

    Group(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }
  }

  private final Group group;
  private final Severity severity;
  private final String meaning;
  private final String advice;

  Reason(Group group, Severity severity, String meaning, String advice) {
    this.group = group;
    this.severity = severity;
    this.meaning = meaning;
    this.advice = advice;
  }

  /** As programs know it: {@code below-minimum}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  Group group() {
    return group;
  }

  public Severity severity() {
    return severity;
  }

  String meaning() {
    return meaning;
  }

  /** What a person may do; empty: nothing has to be done. */
  public String advice() {
    return advice;
  }
}
