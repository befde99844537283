package io.millrace.rpc.netty;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.Connection;
import io.millrace.rpc.Endpoint;
import io.millrace.rpc.InboundRequest;
import io.millrace.rpc.Payload;
import io.millrace.rpc.RequestHandler;
import io.millrace.rpc.RpcServer;
import io.millrace.rpc.RpcServerSettings;
import io.millrace.rpc.RpcServerSettings.Timeouts;
import io.millrace.rpc.SystemTasks;
import io.millrace.rpc.TestClient;
import io.millrace.wire.FrameHead;
import io.millrace.wire.v1.HelloRequest;
import io.millrace.wire.v1.HelloResponse;
import io.millrace.wire.v1.ListTopicsRequest;
import io.millrace.wire.v1.ListTopicsResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Client and server over real sockets, and real strangers at the door. */
@ExtendWith(NoLeaks.class)
class RpcOverTcpTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final NettyTransport near = new NettyTransport(new SystemTasks(), 1, "near-");
  private final NettyTransport far = new NettyTransport(new SystemTasks(), 2, "far-");
  private final List<AutoCloseable> strangers = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable stranger : strangers) {
      stranger.close();
    }
    near.close();
    far.close();
  }

  private RpcServer serve(RpcServerSettings settings, RequestHandler handler) throws IOException {
    HelloResponse hello = HelloResponse.newBuilder().setLimits(settings.limits()).build();
    return RpcServer.listen(far, new Endpoint("127.0.0.1", 0), settings, () -> hello, handler);
  }

  /** Gives the payload back, from the loop's next turn. */
  private static void echo(InboundRequest request) {
    request.loop().execute(() -> answerWithPayload(request));
  }

  private static void answerWithPayload(InboundRequest request) {
    ByteBuffer copy = ByteBuffer.allocateDirect(request.payload().remaining());
    copy.put(request.payload()).flip();
    request.answer(
        Response.newBuilder().setListTopics(ListTopicsResponse.getDefaultInstance()),
        copy.hasRemaining() ? List.of(new Payload.Bytes(copy)) : List.of());
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @Test
  void carriesPayloadsOfAllSizesBothWays() throws Exception {
    RpcServer server = serve(RpcServerSettings.DEFAULTS, RpcOverTcpTest::echo);
    TestClient client = new TestClient(near, server.address());
    for (int size : new int[] {0, 1, 1_000, 65_536, 300_000, 5_000_000}) {
      byte[] payload = bytes(size);
      assertThat(Arrays.equals(client.call(payload), payload)).as("%d bytes", size).isTrue();
    }
  }

  @Test
  void servesManyClientsAtOnce() throws Exception {
    RpcServer server = serve(RpcServerSettings.DEFAULTS, RpcOverTcpTest::echo);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<?>> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      int size = 1_000 + i;
      TestClient client = new TestClient(near, server.address());
      calls.add(
          threads.submit(
              () -> {
                for (int call = 0; call < 10; call++) {
                  assertThat(client.call(bytes(size))).isEqualTo(bytes(size));
                }
                return null;
              }));
    }
    for (Future<?> call : calls) {
      call.get(30, SECONDS);
    }
    threads.shutdown();
    assertThat(server.stats().requests()).isEqualTo(1_000);
    assertThat(server.stats().connections()).isEqualTo(100);
  }

  /** As issue and threat model have it: 300 of them, while somebody works. */
  @Test
  void b06_threeHundredStrangersHarmNobody() throws Exception {
    RpcServerSettings settings =
        RpcServerSettings.DEFAULTS
            .withMaxConnections(1_000, 1_000)
            .withTimeouts(new Timeouts(60_000, 1_500, 1_500, 60_000));
    RpcServer server = serve(settings, RpcOverTcpTest::echo);
    TestClient client = new TestClient(near, server.address());
    client.call(bytes(1));
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService worker = Executors.newSingleThreadExecutor();
    Future<Integer> calls =
        worker.submit(
            () -> {
              int count = 0;
              for (; !over.get(); count++) {
                assertThat(client.call(bytes(2_000))).isEqualTo(bytes(2_000));
              }
              return count;
            });
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      sockets.add(stranger(server.address(), greeting(i)));
    }
    for (Socket socket : sockets) {
      awaitEnd(socket);
    }
    over.set(true);
    assertThat(calls.get(30, SECONDS)).isGreaterThan(50);
    worker.shutdown();
    Awaitility.await().atMost(PATIENCE).until(() -> server.stats().connections() == 1);
    assertThat(server.stats().connectionsCut()).isEqualTo(300);
  }

  private static byte[] greeting(int i) {
    Random random = new Random(i);
    byte[] noise = new byte[1 + random.nextInt(3_000)];
    random.nextBytes(noise);
    return switch (i % 6) {
      case 0 -> noise;
      case 1 -> ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE - i).array();
      case 2 -> ByteBuffer.allocate(100).putInt(50_000).array(); // half a frame, and silence
      case 3 -> "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      case 4 -> new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3, 1, 2, 3, 4, 5, 6, 7};
      default -> new byte[0]; // says nothing at all
    };
  }

  private Socket stranger(Endpoint address, byte[] greeting) throws IOException {
    Socket socket = new Socket(address.host(), address.port());
    strangers.add(socket);
    socket.setSoTimeout(20_000);
    if (greeting.length > 0) {
      socket.getOutputStream().write(greeting);
    }
    return socket;
  }

  /** Until the other side closes, in whichever way. */
  private static void awaitEnd(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    try {
      assertThat(in.read()).as("bytes to a stranger").isEqualTo(-1);
    } catch (SocketException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }

  @Test
  void b13_aResetConnectionIsReclaimed() throws Exception {
    RpcServer server = serve(RpcServerSettings.DEFAULTS, RpcOverTcpTest::echo);
    for (int i = 0; i < 20; i++) {
      Socket socket = stranger(server.address(), new byte[] {0, 0, 1});
      socket.shutdownOutput();
      socket.setSoLinger(true, 0);
      socket.close();
    }
    Awaitility.await().atMost(PATIENCE).until(() -> server.stats().connectionsAccepted() == 20);
    Awaitility.await().atMost(PATIENCE).until(() -> server.stats().connections() == 0);
  }

  /** Neither may an end that cannot be read, as reading has stopped, keep a loop busy. */
  @Test
  void b13_aHalfClosedAndThenResetConnectionKeepsNoLoopBusy() throws Exception {
    List<InboundRequest> waiting = new CopyOnWriteArrayList<>();
    RpcServer server = serve(RpcServerSettings.DEFAULTS.withMaxInFlight(1, 1 << 20), waiting::add);
    Socket socket = stranger(server.address(), frames());
    Awaitility.await().atMost(PATIENCE).until(() -> waiting.size() == 1);
    // Held back once the handler has returned.
    Awaitility.await().atMost(PATIENCE).until(() -> server.stats().connectionsHeldBack() == 1);

    socket.shutdownOutput();
    assertThat(cpuMillisOfLoopsInASecond()).as("half closed").isLessThan(300);
    socket.setSoLinger(true, 0);
    socket.close();
    assertThat(cpuMillisOfLoopsInASecond()).as("reset").isLessThan(300);

    InboundRequest request = waiting.get(0);
    request.loop().execute(() -> answerWithPayload(request));
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              waiting.stream().skip(1).forEach(next -> next.loop().execute(() -> finish(next)));
              return server.stats().connections() == 0;
            });
  }

  private static void finish(InboundRequest request) {
    try {
      request.drop();
    } catch (IllegalStateException finished) {
      assertThat(finished).hasMessageContaining("answered twice");
    }
  }

  /** A Hello and two requests. */
  private static byte[] frames() {
    Request hello =
        Request.newBuilder()
            .setCorrelationId(1)
            .setHello(HelloRequest.newBuilder().setClientName("raw"))
            .build();
    Request.Builder request =
        Request.newBuilder().setListTopics(ListTopicsRequest.getDefaultInstance());
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    frames.writeBytes(FrameHead.encode(hello, 0).array());
    frames.writeBytes(FrameHead.encode(request.setCorrelationId(2).build(), 0).array());
    frames.writeBytes(FrameHead.encode(request.setCorrelationId(3).build(), 0).array());
    return frames.toByteArray();
  }

  private static long cpuMillisOfLoopsInASecond() {
    long before = cpuNanosOfLoops();
    Awaitility.await().pollDelay(1, SECONDS).until(() -> true);
    return (cpuNanosOfLoops() - before) / 1_000_000;
  }

  private static long cpuNanosOfLoops() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long nanos = 0;
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null && thread.getThreadName().startsWith("far-loop")) {
        nanos += Math.max(0, threads.getThreadCpuTime(thread.getThreadId()));
      }
    }
    return nanos;
  }

  @Test
  void b14_turnsConnectionsOverTheLimitAway() throws Exception {
    RpcServer server =
        serve(RpcServerSettings.DEFAULTS.withMaxConnections(100, 2), RpcOverTcpTest::echo);
    TestClient one = new TestClient(near, server.address());
    new TestClient(near, server.address()).connection();
    one.connection();
    awaitEnd(stranger(server.address(), new byte[0]));
    assertThat(server.stats().connectionsRefused()).isEqualTo(1);
    assertThat(one.call(bytes(10))).isEqualTo(bytes(10));
  }

  @Test
  void tellsTheClientWhenTheServerCloses() throws Exception {
    RpcServer server = serve(RpcServerSettings.DEFAULTS, RpcOverTcpTest::echo);
    TestClient client = new TestClient(near, server.address());
    client.call(bytes(10));
    server.close();
    assertThat(client.awaitClosed()).isNull();
  }

  @Test
  void aClosedClientConnectionEndsItsServerConnection() throws Exception {
    RpcServer server = serve(RpcServerSettings.DEFAULTS, RpcOverTcpTest::echo);
    Connection connection = new TestClient(near, server.address()).connection();
    assertThat(server.stats().connections()).isEqualTo(1);
    connection.loop().execute(connection::close);
    Awaitility.await().atMost(PATIENCE).until(() -> server.stats().connections() == 0);
  }
}
