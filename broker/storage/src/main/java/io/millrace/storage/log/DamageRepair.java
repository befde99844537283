package io.millrace.storage.log;

import io.millrace.storage.files.DiskFile;
import io.millrace.storage.files.ForceFailedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes batches over the damaged ones where they stand, and forces them: on the flush worker, in
 * the place of a flush, so that nothing cuts the file meanwhile. If we crash here: the range is
 * damaged as before, or partly; the next look finds what is left of it.
 */
final class DamageRepair implements FlushQueue.Job {
  private final LogContext context;
  private final LogDamage damage;
  private final ByteBuffer batches;
  private final Consumer<DamageRepair> onEnded;
  private @Nullable Throwable failure;

  /**
   * @param batches exactly what belongs there, from the range's beginning on
   * @param onEnded on the owner
   */
  DamageRepair(
      LogContext context, LogDamage damage, ByteBuffer batches, Consumer<DamageRepair> onEnded) {
    this.context = context;
    this.damage = damage;
    this.batches = batches;
    this.onEnded = onEnded;
  }

  @Override
  public void run() throws IOException {
    int size = batches.remaining();
    try (DiskFile file = context.disk().open(damage.file())) {
      if (file.size() < damage.position() + (long) size) {
        failure =
            new CorruptLogException(
                damage.file() + " has only " + file.size() + " bytes: it has become shorter");
        return;
      }
      file.write(damage.position(), batches.duplicate());
      file.force();
    } catch (ForceFailedException e) {
      throw e;
    } catch (IOException e) {
      failure = e; // this file's misfortune: nothing that was acknowledged depends on it
    }
  }

  @Override
  public void ended(@Nullable Throwable queueFailure) {
    if (queueFailure != null) {
      failure = queueFailure;
    }
    context.owner().execute(() -> onEnded.accept(this));
  }

  /** On the owner; null when it is done. */
  @Nullable Throwable failure() {
    return failure;
  }
}
