package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every transport promises; one subclass for each. */
public abstract class TransportContract {
  private static final long SECOND = 1_000_000_000;

  private TransportWorld world;
  private Transport.Listener listener;

  /** Far's handlers, in the order their links were opened. */
  private final List<RecordingHandler> accepted = new CopyOnWriteArrayList<>();

  protected abstract TransportWorld newWorld();

  @BeforeEach
  void listen() throws IOException {
    world = newWorld();
    listener =
        world
            .far()
            .listen(
                world.address(),
                link -> {
                  RecordingHandler handler = new RecordingHandler(link);
                  accepted.add(handler);
                  return handler;
                });
  }

  @AfterEach
  void closeWorld() {
    world.close();
    for (RecordingHandler handler : accepted) {
      assertThat(handler.closings).as("closings told of").hasValue(1);
      assertThat(handler.callsAfterClosing).hasValue(0);
    }
  }

  // ---- Bytes -----------------------------------------------------------------------------------

  @Test
  void deliversBytesInTheOrderWritten() {
    RecordingHandler near = connect();
    Random random = new Random(1);
    byte[] all = bytes(1_500_000);
    AtomicInteger done = new AtomicInteger();
    int writes = 0;
    for (int at = 0; at < all.length; writes++) {
      int size = Math.min(all.length - at, 1 + random.nextInt(20_000));
      int split = random.nextInt(size + 1);
      write(near, all, at, split, List.of(buffer(all, at + split, size - split)), done);
      at += size;
    }
    int expectedWrites = writes;
    world.await("all bytes", () -> far().receivedSize() == all.length);
    assertThat(far().received()).isEqualTo(all);
    world.await("all writes told done", () -> done.get() == expectedWrites);
  }

  @Test
  void sendsBothWaysAtOnce() {
    RecordingHandler near = connect();
    byte[] there = bytes(700_000);
    byte[] back = bytes(600_000);
    write(near, there);
    write(far(), back);
    world.await("bytes there", () -> far().receivedSize() == there.length);
    world.await("bytes back", () -> near.receivedSize() == back.length);
    assertThat(far().received()).isEqualTo(there);
    assertThat(near.received()).isEqualTo(back);
  }

  @ParameterizedTest(name = "moved by the kernel: {0}")
  @ValueSource(booleans = {false, true})
  void sendsHeadBuffersAndFileSlicesInOrder(boolean showsFile, @TempDir Path directory)
      throws IOException {
    RecordingHandler near = connect();
    byte[] all = bytes(5_000_000);
    try (FileChannel file = fileOf(directory, all)) {
      TestSlice large = new TestSlice(file, 1_000, 4_000_000, showsFile);
      TestSlice empty = new TestSlice(file, 77, 0, showsFile);
      TestSlice small = new TestSlice(file, 4_001_100, 998_900, showsFile);
      ByteBuffer direct = ByteBuffer.allocateDirect(60).put(all, 4_001_000, 60).flip();
      ByteBuffer view = ByteBuffer.allocateDirect(90).position(9).put(all, 4_001_060, 30).flip();
      ByteBuffer heapView = ByteBuffer.wrap(all, 4_001_090, 10).asReadOnlyBuffer();
      List<Payload> parts =
          List.of(
              new Payload.Bytes(buffer(all, 10, 990)),
              new Payload.Slice(large),
              new Payload.Slice(empty),
              new Payload.Bytes(direct),
              new Payload.Bytes(view.position(9).asReadOnlyBuffer()),
              new Payload.Bytes(heapView),
              new Payload.Slice(small));
      List<Boolean> outcomes = new CopyOnWriteArrayList<>();
      run(near, () -> near.link.write(buffer(all, 0, 10), parts, outcomes::add));
      world.await("all bytes", () -> far().receivedSize() == all.length);
      assertThat(Arrays.equals(far().received(), all)).isTrue();
      world.await("the write told done", () -> !outcomes.isEmpty());
      assertThat(outcomes).containsExactly(true);
      assertThat(List.of(large, empty, small)).allMatch(slice -> slice.releases.get() == 1);
      assertThat(file.isOpen()).as("the file is shared and stays open").isTrue();
    }
  }

  @ParameterizedTest(name = "moved by the kernel: {0}")
  @ValueSource(booleans = {false, true})
  void closesTheLinkWhenAFileIsShorterThanItsSlice(boolean showsFile, @TempDir Path directory)
      throws IOException {
    RecordingHandler near = connect();
    try (FileChannel file = fileOf(directory, bytes(1_000))) {
      TestSlice slice = new TestSlice(file, 0, 2_000, showsFile);
      List<Boolean> outcomes = new CopyOnWriteArrayList<>();
      run(
          near,
          () ->
              near.link.write(
                  ByteBuffer.allocate(4), List.of(new Payload.Slice(slice)), outcomes::add));
      world.await("both ends closed", () -> near.isClosed() && far().isClosed());
      assertThat(outcomes).containsExactly(false);
      assertThat(slice.releases).hasValue(1);
      assertThat(near.cause).isInstanceOf(IOException.class);
    }
  }

  // ---- Back-pressure ---------------------------------------------------------------------------

  @Test
  void keepsWhatTheOtherSideDoesNotReadAndTellsWhenItDoesAgain() {
    RecordingHandler near = connect();
    run(far(), () -> far().link.setReading(false));
    byte[] all = bytes(32 << 20);
    AtomicInteger done = new AtomicInteger();
    int size = 1 << 20;
    for (int at = 0; at < all.length; at += size) {
      write(near, all, at, size, List.of(), done);
    }
    world.pass(100);
    assertThat(done.get()).isLessThan(all.length / size);
    assertThat(far().receivedSize()).isZero();
    assertThat(ask(near, () -> near.link.isWritable())).isFalse();
    assertThat(ask(near, () -> near.link.pendingBytes())).isGreaterThan(Link.HIGH_MARK_BYTES);
    assertThat(near.writables).hasValue(0);

    run(far(), () -> far().link.setReading(true));
    world.await("all bytes", () -> far().receivedSize() == all.length);
    world.await("room told once", () -> near.writables.get() == 1);
    assertThat(Arrays.equals(far().received(), all)).isTrue();
    assertThat(ask(near, () -> near.link.isWritable())).isTrue();
    world.await("nothing pending", () -> ask(near, () -> near.link.pendingBytes()) == 0);
  }

  @Test
  void tellsHowMuchOfOneLargeWriteStillWaits() {
    RecordingHandler near = connect();
    run(far(), () -> far().link.setReading(false));
    byte[] all = bytes(32 << 20);
    AtomicInteger done = new AtomicInteger();
    write(near, all, 0, all.length, List.of(), done);
    world.await(
        "a part taken by the network",
        () -> ask(near, () -> near.link.pendingBytes()) < all.length - 1_000);
    assertThat(ask(near, () -> near.link.pendingBytes())).isGreaterThan(Link.HIGH_MARK_BYTES);
    assertThat(done).hasValue(0);

    run(far(), () -> far().link.setReading(true));
    world.await("all bytes", () -> far().receivedSize() == all.length);
    world.await("nothing pending", () -> ask(near, () -> near.link.pendingBytes()) == 0);
  }

  @Test
  void deliversNothingAfterReadingWasStoppedFromWithinACallback() {
    AtomicReference<@Nullable RecordingHandler> pausing = new AtomicReference<>();
    RecordingHandler near =
        connect(
            link ->
                new RecordingHandler(link) {
                  @Override
                  public void onBytes(ReceivedBytes bytes) {
                    super.onBytes(bytes);
                    link.setReading(false);
                    pausing.set(this);
                  }
                });
    byte[] all = bytes(2_000_000);
    write(far(), all);
    world.await("the first bytes", () -> pausing.get() != null);
    world.pass(50);
    int before = near.receivedSize();
    assertThat(before).isLessThan(all.length);
    world.pass(50);
    assertThat(near.receivedSize()).isEqualTo(before);

    run(near, () -> near.link.setReading(true));
    world.await("more bytes", () -> near.receivedSize() > before);
  }

  // ---- Closing ---------------------------------------------------------------------------------

  @Test
  void tellsBothEndsOnceThatOneClosed() {
    RecordingHandler near = connect();
    run(near, near.link::close);
    world.await("both closed", () -> near.isClosed() && far().isClosed());
    run(near, near.link::close);
    world.pass(20);
    assertThat(near.closings).hasValue(1);
    assertThat(near.cause).isNull();
    assertThat(far().cause).isNull();
  }

  @Test
  void deliversWhatTheNetworkTookBeforeTheClose() {
    RecordingHandler near = connect();
    byte[] all = bytes(50_000);
    run(near, () -> near.link.write(ByteBuffer.wrap(all), List.of(), written -> near.link.close()));
    world.await("the other end closed", () -> far().isClosed());
    assertThat(far().received()).isEqualTo(all);
  }

  @Test
  void endsWritesWithFalseAndGivesSlicesBackWhenClosedBeforeAllIsGone(@TempDir Path directory)
      throws IOException {
    RecordingHandler near = connect();
    run(far(), () -> far().link.setReading(false));
    try (FileChannel file = fileOf(directory, bytes(1 << 20))) {
      List<TestSlice> slices = new ArrayList<>();
      List<Boolean> outcomes = new CopyOnWriteArrayList<>();
      int writes = 40;
      for (int i = 0; i < writes; i++) {
        TestSlice slice = new TestSlice(file, 0, 1 << 20);
        slices.add(slice);
        run(
            near,
            () ->
                near.link.write(
                    ByteBuffer.allocate(8), List.of(new Payload.Slice(slice)), outcomes::add));
      }
      world.pass(50);
      run(near, near.link::close);
      world.await("all told", () -> outcomes.size() == writes && near.isClosed());
      assertThat(slices).allMatch(slice -> slice.releases.get() == 1);
      // In order: all that went out, and then all that did not.
      List<Boolean> sorted = new ArrayList<>(outcomes);
      sorted.sort((a, b) -> Boolean.compare(b, a));
      assertThat(outcomes).isEqualTo(sorted).contains(false);
    }
  }

  @Test
  void refusesWritesAfterTheCloseAndGivesTheirSlicesBack(@TempDir Path directory)
      throws IOException {
    RecordingHandler near = connect();
    try (FileChannel file = fileOf(directory, bytes(100))) {
      TestSlice slice = new TestSlice(file, 0, 100);
      List<Boolean> outcomes = new CopyOnWriteArrayList<>();
      run(
          near,
          () -> {
            near.link.close();
            near.link.write(
                ByteBuffer.allocate(8), List.of(new Payload.Slice(slice)), outcomes::add);
          });
      world.await("told", () -> !outcomes.isEmpty());
      assertThat(outcomes).containsExactly(false);
      assertThat(slice.releases).hasValue(1);
    }
  }

  @Test
  void aCallbackThatThrowsClosesItsLinkAndNoOther() {
    RecordingHandler broken =
        connect(
            link ->
                new RecordingHandler(link) {
                  @Override
                  public void onReadEnd() {
                    throw new IllegalStateException("a test's own failure");
                  }
                });
    RecordingHandler brokenFar = far();
    RecordingHandler sound = connect();
    write(brokenFar, bytes(10));
    world.await("the broken link closed", () -> broken.isClosed() && brokenFar.isClosed());
    write(sound, bytes(10));
    world.await("the other works", () -> accepted.get(1).receivedSize() == 10);
    world.forgiveThrown();
  }

  // ---- Connecting and listening ----------------------------------------------------------------

  @Test
  void saysThatNothingListensThere() {
    listener.close();
    Throwable cause = failToConnect(listener.address(), 10 * SECOND);
    assertThat(cause)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(listener.address().toString())
        .hasMessageContaining("refused");
  }

  @Test
  void givesUpConnectingWhenTheTimeIsOver() throws Exception {
    Throwable cause = failToConnect(world.silentAddress(), SECOND / 4);
    assertThat(cause).hasMessageContaining("within 250 ms");
  }

  @Test
  void b66_saysThatANameCannotBeResolved() {
    Throwable cause = failToConnect(new Endpoint("no-such-host.invalid", 1), 60 * SECOND);
    assertThat(cause).hasMessageContaining("no-such-host.invalid cannot be resolved");
  }

  @Test
  void b66_saysThatAPortIsInUse() {
    assertThatThrownBy(() -> world.far().listen(listener.address(), RecordingHandler::new))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(listener.address().toString())
        .hasMessageContaining("another program is listening on this port");
  }

  @Test
  void b66_saysThatAnAddressIsNotOurs() {
    assertThatThrownBy(
            () -> world.far().listen(new Endpoint("203.0.113.1", 0), RecordingHandler::new))
        .hasMessageContaining("203.0.113.1")
        .hasMessageContaining("does not belong to this machine");
  }

  @Test
  void dealsLinksToTheLoopsInTurn() {
    IntStream.range(0, 4).forEach(i -> connect());
    List<EventLoop> loops = accepted.stream().map(handler -> handler.link.loop()).toList();
    assertThat(loops.get(0)).isNotSameAs(loops.get(1)).isSameAs(loops.get(2));
    assertThat(loops.get(1)).isSameAs(loops.get(3));
    assertThat(world.far().loops()).containsAll(loops);
  }

  @Test
  void aClosedListenerLeavesItsLinksAlone() {
    RecordingHandler near = connect();
    listener.close();
    write(near, bytes(1_000));
    world.await("bytes", () -> far().receivedSize() == 1_000);
    assertThat(near.isClosed()).isFalse();
  }

  @Test
  void tellsWhereTheOtherEndIs() {
    RecordingHandler near = connect();
    assertThat(near.link.remote()).isEqualTo(listener.address());
    assertThat(far().link.remote().port()).isPositive().isNotEqualTo(listener.address().port());
  }

  // ---- Turns -----------------------------------------------------------------------------------

  @Test
  void runsTasksOfATurnAfterAllItsReads() {
    List<String> order = new CopyOnWriteArrayList<>();
    List<RecordingHandler> links = new ArrayList<>();
    for (String name : List.of("one", "two")) {
      links.add(
          connect(
              link ->
                  new RecordingHandler(link) {
                    @Override
                    public void onBytes(ReceivedBytes bytes) {
                      super.onBytes(bytes);
                      order.add("read");
                      link.loop().execute(() -> order.add("task"));
                    }
                  }));
      assertThat(links).as(name).isNotEmpty();
    }
    world.whileBusy(
        world.near().loops().get(0),
        () -> accepted.forEach(handler -> write(handler, new byte[] {1})));
    world.await("all", () -> order.size() == 4);
    assertThat(order).containsExactly("read", "read", "task", "task");
  }

  // ---- Tools -----------------------------------------------------------------------------------

  private RecordingHandler connect() {
    return connect(RecordingHandler::new);
  }

  private RecordingHandler connect(java.util.function.Function<Link, RecordingHandler> handlers) {
    int before = accepted.size();
    AtomicReference<@Nullable RecordingHandler> opened = new AtomicReference<>();
    world
        .near()
        .connect(
            listener.address(),
            world.near().loops().get(0),
            10 * SECOND,
            new Transport.ConnectHandler() {
              @Override
              public LinkHandler connected(Link link) {
                RecordingHandler handler = handlers.apply(link);
                opened.set(handler);
                return handler;
              }

              @Override
              public void failed(Throwable cause) {
                throw new AssertionError(cause);
              }
            });
    world.await("connected", () -> opened.get() != null && accepted.size() > before);
    return Objects.requireNonNull(opened.get());
  }

  private Throwable failToConnect(Endpoint to, long timeoutNanos) {
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    world
        .near()
        .connect(
            to,
            world.near().loops().get(0),
            timeoutNanos,
            new Transport.ConnectHandler() {
              @Override
              public LinkHandler connected(Link link) {
                throw new AssertionError("connected to " + to);
              }

              @Override
              public void failed(Throwable cause) {
                failure.set(cause);
              }
            });
    world.await("failed", () -> failure.get() != null);
    return Objects.requireNonNull(failure.get());
  }

  /** The end of the latest link on the listening side. */
  private RecordingHandler far() {
    return accepted.get(accepted.size() - 1);
  }

  private static void run(RecordingHandler handler, Runnable action) {
    handler.link.loop().execute(action);
  }

  private <T> T ask(RecordingHandler handler, Supplier<T> question) {
    AtomicReference<@Nullable T> answer = new AtomicReference<>();
    run(handler, () -> answer.set(question.get()));
    world.await("an answer", () -> answer.get() != null);
    return Objects.requireNonNull(answer.get());
  }

  private static void write(RecordingHandler handler, byte[] bytes) {
    run(handler, () -> handler.link.write(ByteBuffer.wrap(bytes), List.of(), written -> {}));
  }

  private static void write(
      RecordingHandler handler,
      byte[] bytes,
      int at,
      int size,
      List<ByteBuffer> parts,
      AtomicInteger done) {
    List<Payload> payload = new ArrayList<>();
    parts.forEach(part -> payload.add(new Payload.Bytes(part)));
    run(
        handler,
        () ->
            handler.link.write(
                buffer(bytes, at, size),
                payload,
                written -> {
                  assertThat(written).isTrue();
                  done.incrementAndGet();
                }));
  }

  private static ByteBuffer buffer(byte[] bytes, int at, int size) {
    return ByteBuffer.wrap(bytes, at, size);
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static FileChannel fileOf(Path directory, byte[] content) throws IOException {
    Path file = Files.write(directory.resolve("segment"), content);
    return FileChannel.open(file, StandardOpenOption.READ);
  }
}
