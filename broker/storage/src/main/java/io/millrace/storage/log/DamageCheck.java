package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.wire.BatchScan;
import io.millrace.wire.BatchView;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads batches of a segment again, and says which are not what was written: by their checksums,
 * and by offsets and epochs, which no checksum covers. Any thread, one at a time; may block on the
 * disk.
 */
final class DamageCheck {
  private final CheckPiece piece;
  private final DiskFile file;
  private final BatchWalk walk;
  private boolean isWalking;
  private int position;
  private long next;

  /**
   * @param walk used by nobody else until this has ended
   */
  DamageCheck(CheckPiece piece, DiskFile file, BatchWalk walk) {
    this.piece = piece;
    this.file = file;
    this.walk = walk;
    this.position = piece.position();
    this.next = piece.offset();
  }

  int position() {
    return position;
  }

  /** All before it has been looked at. */
  long nextOffset() {
    return next;
  }

  boolean isOver() {
    return position >= piece.limit();
  }

  /**
   * Reads on: about so many bytes, up to the first damage, or to the end.
   *
   * @return what is damaged; null when all of it was whole. Afterwards it may go on behind that
   */
  @Nullable LogDamage step(int bytes) throws IOException {
    int until = (int) Math.min(piece.limit(), (long) position + bytes);
    while (position < until) {
      LogDamage damage = next();
      if (damage != null) {
        return damage;
      }
    }
    return null;
  }

  /** As far as the batch that holds an offset. */
  @Nullable LogDamage stepTo(long offset) throws IOException {
    while (!isOver() && next <= offset) {
      LogDamage damage = next();
      if (damage != null) {
        return damage;
      }
    }
    return null;
  }

  private @Nullable LogDamage next() throws IOException {
    if (!isWalking) {
      walk.whole(file, position, piece.limit());
      isWalking = true;
    }
    BatchScan found = walk.next();
    String wrong = found == BatchScan.WHOLE ? wrongIn(walk.batch()) : describe(found);
    if (wrong == null) {
      position = walk.nextPosition();
      next = walk.batch().nextOffset();
      return null;
    }
    return skip(found, wrong);
  }

  private String describe(BatchScan found) {
    return "no whole batch stands there, " + LogDump.describe(found, walk.batch());
  }

  private @Nullable String wrongIn(BatchView batch) {
    if (!batch.checksumMatches()) {
      return "the batch does not match its checksum";
    }
    if (batch.baseOffset() != next) {
      return "a batch of offset " + batch.baseOffset() + " stands where " + next + " comes next";
    }
    int last = walk.nextPosition();
    if (batch.nextOffset() <= next
        || batch.nextOffset() > piece.limitOffset()
        || (last == piece.limit() && batch.nextOffset() != piece.limitOffset())) {
      return "a batch goes from offset " + next + " to " + batch.lastOffset();
    }
    int epoch = piece.epochs().epochAt(next);
    return epoch >= 0 && epoch != batch.leaderEpoch()
        ? "a batch of epoch " + batch.leaderEpoch() + " stands where epoch " + epoch + " wrote"
        : null;
  }

  /**
   * Goes on at the next whole batch.
   *
   * @throws CorruptLogException the file is shorter than it was: there is nothing to go on with
   */
  private LogDamage skip(BatchScan found, String what) throws IOException {
    long size = file.size();
    if (size < piece.limit()) {
      throw new CorruptLogException(
          piece.file()
              + " has become shorter than the "
              + piece.limit()
              + " bytes it had: "
              + size);
    }
    int from = position;
    long fromOffset = next;
    int search = found == BatchScan.WHOLE ? walk.nextPosition() : from + 1;
    int later = new LaterBatches(file, piece.limit(), fromOffset).next(search);
    position = piece.limit();
    next = piece.limitOffset();
    if (later >= 0 && walk.whole(file, later, piece.limit()).next() == BatchScan.WHOLE) {
      long base = walk.batch().baseOffset();
      if (base < piece.limitOffset()) {
        position = later;
        next = base;
      }
    }
    isWalking = false;
    return new LogDamage(
        piece.file(), from, position, fromOffset, Math.max(next, fromOffset + 1), what);
  }
}
