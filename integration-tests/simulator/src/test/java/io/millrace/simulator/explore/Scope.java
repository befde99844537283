package io.millrace.simulator.explore;

import io.millrace.server.replica.Level;
import java.util.List;
import java.util.Locale;

/**
 * How far a search goes. Sets are bit masks: bit 0 is broker 1.
 *
 * @param minInSync of the topic
 * @param level of the topic
 * @param inSync and {@code eligible}: the sets at the beginning
 * @param epochs the highest leader epoch
 * @param versions the highest version of the partition's node; {@link #ANY_NUMBER} of writes where
 *     only their order is looked at
 * @param appends records appended in all
 * @param crashes processes that die, page cache intact
 * @param powerLosses of a broker, with any part of what it has not forced
 * @param lostFlushes of a broker that loses power, and some of what it had forced with it
 * @param damages logs that are found damaged while they are in use
 * @param unknowns writes whose answer is lost; no bound, and none needed, while all rules hold: an
 *     answer that is lost is then one that comes late
 * @param delays fetches that the network holds back
 * @param isFlushing logs are forced now and then; without it only where a rule demands it, so that
 *     a power loss may take all
 * @param isHandingOver leaders hand over to members that have everything
 * @param isLowering the minimum may be set to 1 at any time
 * @param isStopping followers stop in an orderly way; of interest only where H13 is left out
 * @param isRecovering from every state, when faults stop, the partition must come back
 */
@SuppressWarnings("EnumOrdinal") // only to change one of them by its name
public record Scope(
    int minInSync,
    Level level,
    int inSync,
    int eligible,
    int epochs,
    int versions,
    int appends,
    int crashes,
    int powerLosses,
    int lostFlushes,
    int damages,
    int unknowns,
    int delays,
    boolean isFlushing,
    boolean isHandingOver,
    boolean isLowering,
    boolean isStopping,
    boolean isRecovering) {
  /** Of {@code versions}: no bound. */
  static final int ANY_NUMBER = 0;

  /** One of everything. */
  public static final Scope USUAL =
      new Scope(
          2, Level.STANDARD, 7, 0, 3, 6, 2, 1, 1, 0, 0, 1, 1, false, false, false, false, false);

  /** The usual one with some of its numbers changed: {@code isr=3 crash=0 flush}. */
  public static Scope of(String words) {
    Scope scope = USUAL;
    for (String word : List.of(words.trim().split("\\s+"))) {
      if (!word.isEmpty()) {
        scope = scope.with(word);
      }
    }
    return scope;
  }

  /** So that whoever heals is not held up by the bound of the search. */
  Scope withAllEpochs() {
    return changed("epochs", Cluster.MOST_EPOCHS - 1);
  }

  boolean allowsWriteOn(int version) {
    return versions == ANY_NUMBER || version < versions;
  }

  private Scope with(String word) {
    int at = word.indexOf('=');
    String name = at < 0 ? word : word.substring(0, at);
    String value = at < 0 ? "1" : word.substring(at + 1);
    if (name.equals("level")) {
      return changed(name, Level.valueOf(value.toUpperCase(Locale.ROOT)).ordinal());
    }
    return changed(name, Integer.parseInt(value));
  }

  private Scope changed(String name, int to) {
    List<String> names =
        List.of(
            "min",
            "level",
            "isr",
            "elig",
            "epochs",
            "versions",
            "appends",
            "crash",
            "power",
            "lost",
            "damage",
            "unknown",
            "delay",
            "flush",
            "handover",
            "lower",
            "stop",
            "recover");
    int at = names.indexOf(name);
    if (at < 0) {
      throw new IllegalArgumentException(name + " is none of " + names);
    }
    int[] all = numbers();
    all[at] = to;
    return of(all);
  }

  private int[] numbers() {
    return new int[] {
      minInSync,
      level.ordinal(),
      inSync,
      eligible,
      epochs,
      versions,
      appends,
      crashes,
      powerLosses,
      lostFlushes,
      damages,
      unknowns,
      delays,
      isFlushing ? 1 : 0,
      isHandingOver ? 1 : 0,
      isLowering ? 1 : 0,
      isStopping ? 1 : 0,
      isRecovering ? 1 : 0
    };
  }

  private static Scope of(int[] n) {
    return new Scope(
        n[0],
        Level.values()[n[1]],
        n[2],
        n[3],
        n[4],
        n[5],
        n[6],
        n[7],
        n[8],
        n[9],
        n[10],
        n[11],
        n[12],
        n[13] != 0,
        n[14] != 0,
        n[15] != 0,
        n[16] != 0,
        n[17] != 0);
  }
}
