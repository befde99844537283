package io.millrace.rpc.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.rpc.Endpoint;
import io.millrace.rpc.HttpTransport;
import io.millrace.rpc.HttpTransport.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What monitoring may ask, and what nobody may do to the broker over it. */
@Timeout(60)
class HttpTransportTest {
  private static final NettyHttpTransport.Limits QUICK =
      new NettyHttpTransport.Limits(4, 512, 1_024, 300, 300, 300);

  private final HttpClient client = HttpClient.newHttpClient();
  private NettyHttpTransport transport = new NettyHttpTransport("test-");
  private HttpTransport.@Nullable Listener listener;

  @AfterEach
  void close() {
    transport.close();
  }

  private void serve(HttpTransport.Handler handler) throws IOException {
    listener = transport.listen(new Endpoint("127.0.0.1", 0), handler);
  }

  private void serveQuickly(HttpTransport.Handler handler) throws IOException {
    transport.close();
    transport = new NettyHttpTransport("test-", QUICK);
    serve(handler);
  }

  private Endpoint address() {
    return Objects.requireNonNull(listener).address();
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), address().port());
  }

  private static void echo(HttpTransport.Query query, Consumer<Answer> answer) {
    answer.accept(Answer.text(200, "you asked for " + query.path()));
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://" + address() + path))
            .version(HttpClient.Version.HTTP_1_1)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Everything the other side says until it closes. */
  private String exchange(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return readAll(socket.getInputStream());
    }
  }

  private static String readAll(InputStream input) throws IOException {
    return new String(input.readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void answersAGetWithoutItsQueryString() throws Exception {
    serve(HttpTransportTest::echo);
    HttpResponse<String> response = send("GET", "/a%20b?c=d");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("you asked for /a b");
    assertThat(response.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
  }

  @Test
  void answersAHeadWithTheLengthAndNoBody() throws Exception {
    serve(HttpTransportTest::echo);
    HttpResponse<String> response = send("HEAD", "/metrics");
    assertThat(response.body()).isEmpty();
    assertThat(response.headers().firstValueAsLong("Content-Length"))
        .hasValue("you asked for /metrics".length());
  }

  @Test
  void s39_refusesWhateverWouldWrite() throws Exception {
    serve((query, answer) -> answer.accept(Answer.text(200, "taken")));
    for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "PATCH")) {
      HttpResponse<String> response = send(method, "/metrics");
      assertThat(response.statusCode()).describedAs(method).isEqualTo(405);
      assertThat(response.headers().firstValue("Allow")).contains("GET, HEAD");
    }
  }

  @Test
  void severalRequestsShareAConnection() throws Exception {
    serve(HttpTransportTest::echo);
    try (Socket socket = connect()) {
      for (int i = 0; i < 3; i++) {
        socket
            .getOutputStream()
            .write("GET /x HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("you asked for /x")) {
          int next = socket.getInputStream().read();
          assertThat(next).isNotNegative();
          head.append((char) next);
        }
        assertThat(head).startsWith("HTTP/1.1 200 OK");
      }
    }
  }

  @Test
  void aRequestLineOrHeadersBeyondTheLimitAreRefused() throws Exception {
    serve(HttpTransportTest::echo);
    assertThat(exchange("GET /" + "a".repeat(5_000) + " HTTP/1.1\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
    assertThat(exchange("GET / HTTP/1.1\r\nX: " + "a".repeat(9_000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
  }

  @Test
  void aBodyIsRefused() throws Exception {
    serve(HttpTransportTest::echo);
    assertThat(exchange("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"))
        .startsWith("HTTP/1.1 413");
    assertThat(exchange("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"))
        .startsWith("HTTP/1.1 413");
  }

  @Test
  void whatIsNotHttpIsAnsweredAndClosed() throws Exception {
    serve(HttpTransportTest::echo);
    assertThat(exchange("\u0000\u0001garbage\r\n\r\n")).startsWith("HTTP/1.1 400");
  }

  @Test
  void whoSendsItsRequestTooSlowlyIsClosed() throws Exception {
    serveQuickly(HttpTransportTest::echo);
    assertThat(exchange("GET / HTTP/1.1\r\nHost: h\r\n")).isEmpty();
  }

  @Test
  void whoNeverAsksIsClosed() throws Exception {
    serveQuickly(HttpTransportTest::echo);
    assertThat(exchange("")).isEmpty();
  }

  @Test
  void anAnswerThatDoesNotComeIsA503AndOneTooLateIsDropped() throws Exception {
    CompletableFuture<Consumer<Answer>> asked = new CompletableFuture<>();
    serveQuickly(
        (query, answer) -> {
          if (query.path().equals("/slow")) {
            asked.complete(answer);
          } else {
            echo(query, answer);
          }
        });
    HttpResponse<String> response = send("GET", "/slow");
    assertThat(response.statusCode()).isEqualTo(503);
    asked.join().accept(Answer.text(200, "too late"));
    assertThat(send("GET", "/next").body()).isEqualTo("you asked for /next");
  }

  @Test
  void aHandlerThatThrowsIsA500() throws Exception {
    serve(
        (query, answer) -> {
          throw new IllegalStateException("a bug");
        });
    HttpResponse<String> response = send("GET", "/");
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).doesNotContain("a bug");
  }

  @Test
  void moreConnectionsThanAllowedAreClosedAndTheOthersServed() throws Exception {
    transport.close();
    transport =
        new NettyHttpTransport(
            "test-", new NettyHttpTransport.Limits(4, 512, 1_024, 60_000, 300, 300));
    serve(HttpTransportTest::echo);
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        open.add(connect());
      }
      assertThat(exchangeOrReset("GET / HTTP/1.0\r\n\r\n")).isEmpty();
      Socket first = open.get(0);
      first.getOutputStream().write("GET /y HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(readAll(first.getInputStream())).endsWith("you asked for /y");
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private String exchangeOrReset(String request) {
    try {
      return exchange(request);
    } catch (IOException e) {
      return ""; // a reset says as much
    }
  }

  @Test
  void aTakenPortIsNamedInTheError() throws Exception {
    serve(HttpTransportTest::echo);
    assertThatThrownBy(() -> transport.listen(address(), HttpTransportTest::echo))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "cannot listen on " + address() + ": another program is listening on this port");
  }

  @Test
  void afterClosingNobodyIsServed() throws Exception {
    serve(HttpTransportTest::echo);
    Objects.requireNonNull(listener).close();
    assertThatThrownBy(() -> send("GET", "/")).isInstanceOf(IOException.class);
  }
}
