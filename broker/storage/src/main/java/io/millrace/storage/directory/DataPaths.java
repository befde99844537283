package io.millrace.storage.directory;

import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Every path in a data directory is built here, from checked parts.
 *
 * @param root the data directory
 */
public record DataPaths(Path root) {
  public static final String LOG_SUFFIX = ".log";
  public static final String INDEX_SUFFIX = ".index";

  /** What was known of producers as of the offset in the name. */
  public static final String PRODUCERS_SUFFIX = ".producers";

  /** A file that was being written to replace another; means nothing and may go. */
  public static final String UNFINISHED_SUFFIX = ".tmp";

  /** A segment that lies before its log's start, and is deleted soon. */
  private static final String DELETED_SUFFIX = ".deleted";

  /** A segment that compaction is writing anew; means nothing before it replaces the old one. */
  private static final String CLEANED_SUFFIX = ".cleaned";

  /** Of a file that takes the place of several segments. */
  private static final String JOINED_SUFFIX = ".joined";

  static final String LOCK = ".lock";
  static final String IDENTITY = "meta.properties";
  static final String RUN = "run";
  static final String CLEAN_SHUTDOWN = "clean-shutdown";
  static final String CHECKPOINT = "checkpoint";
  static final String DOUBTS = "doubts";
  static final String TRASH = "trash";

  private static final int OFFSET_DIGITS = 20;
  private static final Pattern SEGMENT_FILE = Pattern.compile("[0-9]{20}\\.(log|index)");

  private static final Pattern JOINED_FILE =
      Pattern.compile("[0-9]{20}\\.log\\.[0-9]{20}\\.joined");

  Path lock() {
    return root.resolve(LOCK);
  }

  Path identity() {
    return root.resolve(IDENTITY);
  }

  Path run() {
    return root.resolve(RUN);
  }

  Path cleanShutdown() {
    return root.resolve(CLEAN_SHUTDOWN);
  }

  Path checkpoint() {
    return root.resolve(CHECKPOINT);
  }

  Path doubts() {
    return root.resolve(DOUBTS);
  }

  Path trash() {
    return root.resolve(TRASH);
  }

  /** The name carries the time, so that the trash can be emptied by age. */
  Path trashed(PartitionName partition, long wallMillis) {
    return trash().resolve(partition.directoryName() + "." + wallMillis);
  }

  public Path partition(PartitionName partition) {
    return root.resolve(partition.directoryName());
  }

  public static Path log(Path partitionDirectory, long baseOffset) {
    return partitionDirectory.resolve(digits(baseOffset) + LOG_SUFFIX);
  }

  public static Path index(Path partitionDirectory, long baseOffset) {
    return partitionDirectory.resolve(digits(baseOffset) + INDEX_SUFFIX);
  }

  /** What was known of producers as of an offset. */
  public static Path producers(Path partitionDirectory, long offset) {
    return partitionDirectory.resolve(digits(offset) + PRODUCERS_SUFFIX);
  }

  /** The offset in such a file's name; empty for any other name. */
  public static OptionalLong producersOffset(String fileName) {
    return fileName.endsWith(PRODUCERS_SUFFIX)
        ? baseOffset(
            fileName.substring(0, fileName.length() - PRODUCERS_SUFFIX.length()) + LOG_SUFFIX)
        : OptionalLong.empty();
  }

  public static Path leaderEpochs(Path partitionDirectory) {
    return partitionDirectory.resolve("leader-epochs");
  }

  /** What a file is called while it is written, before it replaces {@code target}. */
  public static Path unfinished(Path target) {
    return target.resolveSibling(target.getFileName() + UNFINISHED_SUFFIX);
  }

  /** What a segment's file is called between its leaving the log and its deletion. */
  public static Path deleted(Path log) {
    return log.resolveSibling(log.getFileName() + DELETED_SUFFIX);
  }

  /** What a segment's file is called while compaction writes it anew. */
  public static Path cleaned(Path log) {
    return log.resolveSibling(log.getFileName() + CLEANED_SUFFIX);
  }

  /**
   * What a file is called that holds all of several segments, and is about to take their place.
   *
   * @param first of the segments
   * @param endOffset of the last of them
   */
  public static Path joined(Path first, long endOffset) {
    return first.resolveSibling(first.getFileName() + "." + digits(endOffset) + JOINED_SUFFIX);
  }

  /** The first and the end offset in a name of {@link #joined}; null for any other name. */
  public static @Nullable Joined joined(String fileName) {
    if (!JOINED_FILE.matcher(fileName).matches()) {
      return null;
    }
    OptionalLong first = baseOffset(fileName.substring(0, 24));
    OptionalLong end = baseOffset(fileName.substring(25, 45) + LOG_SUFFIX);
    return first.isPresent() && end.isPresent()
        ? new Joined(first.getAsLong(), end.getAsLong())
        : null;
  }

  /** What {@link #joined} says. */
  public record Joined(long baseOffset, long endOffset) {}

  /** Whether a name is one of {@link #cleaned}. */
  public static boolean isCleaned(String fileName) {
    return fileName.endsWith(LOG_SUFFIX + CLEANED_SUFFIX)
        && baseOffset(fileName.substring(0, fileName.length() - CLEANED_SUFFIX.length()))
            .isPresent();
  }

  /** How far compaction has come in a log. */
  public static Path compaction(Path partitionDirectory) {
    return partitionDirectory.resolve("compaction");
  }

  /** Whether a name is one of {@link #deleted}. */
  public static boolean isDeleted(String fileName) {
    return fileName.endsWith(LOG_SUFFIX + DELETED_SUFFIX)
        && baseOffset(fileName.substring(0, fileName.length() - DELETED_SUFFIX.length()))
            .isPresent();
  }

  static Path directoryOf(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalArgumentException(path + " stands in no directory");
    }
    return parent;
  }

  /** The base offset in the name of a log or index file; empty for any other name. */
  public static OptionalLong baseOffset(String fileName) {
    if (!SEGMENT_FILE.matcher(fileName).matches()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseLong(fileName.substring(0, 20)));
    } catch (NumberFormatException e) {
      return OptionalLong.empty(); // twenty digits may be more than 2^63
    }
  }

  private static String digits(long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset + " is negative");
    }
    // Not String.format: at a start this is called for every partition, a few times.
    String number = Long.toString(offset);
    return "0".repeat(OFFSET_DIGITS - number.length()) + number;
  }
}
