package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class JsonTextTest {
  @Test
  void writesNestedObjectsAndArrays() {
    JsonText json = new JsonText();
    json.beginObject().field("name", "orders").field("count", 3).field("ok", true);
    json.name("list").beginArray().value(1).value("two").nullValue().beginObject().end().end();
    json.name("none").beginArray().end().end();
    assertThat(json)
        .hasToString(
            "{\"name\":\"orders\",\"count\":3,\"ok\":true,\"list\":[1,\"two\",null,{}],\"none\":[]}");
  }

  @Test
  void escapesWhatJsonOrATerminalWouldMisread() {
    JsonText json = new JsonText();
    json.value("a\"b\\c\nd\te\u0000f\u001bg\u009bh\ud800i\ud83d\ude00");
    assertThat(json)
        .hasToString("\"a\\\"b\\\\c\\nd\\te\\u0000f\\u001bg\\u009bh\\ud800i\ud83d\ude00\"");
  }

  @Test
  void startsAfreshAfterClear() {
    JsonText json = new JsonText();
    json.beginObject().field("a", 1);
    assertThatThrownBy(json::toString).isInstanceOf(IllegalStateException.class);
    json.clear();
    json.beginArray().end();
    assertThat(json).hasToString("[]");
  }
}
