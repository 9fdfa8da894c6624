import { expect, test } from "vitest";
import { tess } from "../../lib/corpora/tess.js";

test("reads speaker, word and emotion; ps is pleasant surprise", () => {
  expect(tess.parse("YAF_pleasant_surprised/YAF_back_ps.wav")).toEqual({
    id: "tess/YAF_back_ps",
    corpus: "tess",
    speaker: "YAF",
    sex: "female",
    emotion: "surprise",
    label: "ps",
    sentence: "Say the word back",
    sentenceId: "back",
  });
});

test("OA_bite_neutral is OAF's", () => {
  expect(tess.parse("OAF_neutral/OA_bite_neutral.wav")).toEqual(tess.parse("OAF_bite_neutral.wav"));
  expect(tess.parse("OA_bite_neutral.wav")?.id).toBe("tess/OAF_bite_neutral");
});

test.each([
  "OAF_banana_angry.wav",
  "OAF_back_calm.wav",
  "OAX_back_angry.wav",
  "OAF_back_angry.txt",
  "OAF_angry",
])("%s is no clip", (path) => {
  expect(tess.parse(path)).toBeUndefined();
});
