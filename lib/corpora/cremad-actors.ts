/** An actor of CREMA-D, as published. */
export interface CremadActor {
  speaker: string;
  sex: "female" | "male";
  /** Years, when recorded. */
  age: number;
}

/**
 * Sex and age of the actors 1001 to 1091, in order; facts from `VideoDemographics.csv` of
 * https://github.com/CheyneyComputerScience/CREMA-D (Cao et al. 2014, ODbL 1.0).
 */
const SEX_AND_AGE =
  "m51 f21 f21 f42 m29 f58 f38 f46 f24 f27 m32 f23 f22 m24 m32 m61 m42 f25 m29 f61 " +
  "f30 m22 m22 f59 f48 m33 m44 f57 f33 f42 m31 m30 m31 m74 m48 m49 f45 m21 m51 m42 " +
  "m42 m37 f25 m40 m22 f22 f22 m38 f25 m62 m56 f33 f35 f36 f57 f52 m25 f36 m21 f28 " +
  "f51 m56 f33 m53 m38 m25 m66 m34 m27 m25 m41 f33 f24 f31 f40 f25 m20 f21 f21 m21 " +
  "m30 f20 m45 f46 m34 m33 m62 m23 f24 m50 f29";

/** The 91 actors of CREMA-D: 43 women and 48 men of 20 to 74 years. */
export const CREMAD_ACTORS: readonly CremadActor[] = SEX_AND_AGE.split(" ").map((text, i) => ({
  speaker: String(1001 + i),
  sex: text[0] === "f" ? "female" : "male",
  age: Number(text.slice(1)),
}));
