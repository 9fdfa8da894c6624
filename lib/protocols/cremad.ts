import { cremad } from "../corpora/cremad.js";
import { assertSpeakers, define, parts, saidBy } from "./define.js";

const speakers = (text: string): readonly string[] => text.split(" ");

/**
 * audEERING's split of CREMA-D, version 1.1.0 (https://github.com/audeering/datasets): the 56 other speakers train.
 * Their "dev" is validation here.
 */
export const AUDEERING = {
  validation: speakers(
    "1049 1053 1054 1055 1058 1059 1061 1062 1063 1064 1065 1066 1067 1068 1070 1075 1080 1085",
  ),
  test: speakers("1048 1069 1071 1074 1076 1077 1078 1079 1082 1083 1084 1086 1087 1088 1089 1090 1091"),
};

/** CREMA-D by speakers, as audEERING published it. */
export const audeering = define(
  {
    name: "cremad/audeering",
    version: 1,
    source: "audEERING, datasets: crema-d 1.1.0 (https://github.com/audeering/datasets)",
    description: "CREMA-D's 91 speakers in 56 to train on, 18 to validate and 17 to test; six classes",
    corpora: ["cremad"],
    calm: "merge",
    apart: ["speaker"],
    validationApart: ["speaker"],
    leaky: false,
  },
  (clips) => {
    assertSpeakers("cremad/audeering", "cremad", clips, cremad.speakers);
    const placeOf = parts(saidBy(AUDEERING.test), saidBy(AUDEERING.validation));
    return [{ description: "56 speakers train, 18 validate, 17 test", placeOf }];
  },
);
