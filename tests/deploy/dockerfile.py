"""The Dockerfile's instructions, by stage."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, and what follows it in one line."""

    word: str
    text: str

    @property
    def listed(self) -> list[str]:
        """The text as a JSON list (exec form), after ``CMD`` where it is a health check's."""
        found: list[str] = json.loads(self.text[self.text.index("[") :])
        return found


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: the image or stage it begins from, and its instructions."""

    name: str
    origin: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[Instruction]:
        return [one for one in self.instructions if one.word == word]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """All stages, by name, in the order of the file."""

    stages: dict[str, Stage]

    def lineage(self, target: str) -> list[Stage]:
        """Return ``target`` and the stages it begins from, the first of them first."""
        stage = self.stages[target]
        return [*(self.lineage(stage.origin) if stage.origin in self.stages else []), stage]

    def last(self, target: str, word: str) -> Instruction:
        """Return the instruction of that word that counts in ``target``: the last."""
        return [one for stage in self.lineage(target) for one in stage.all(word)][-1]

    @property
    def images(self) -> set[str]:
        """The images of others that stages begin from."""
        return {stage.origin for stage in self.stages.values() if stage.origin not in self.stages}


def read_dockerfile(path: Path = REPOSITORY / "Dockerfile") -> Dockerfile:
    """Return the instructions of a Dockerfile: comments left out, continued lines joined."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    stages: dict[str, Stage] = {}
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, text = re.sub(r"\s+", " ", line.strip()).partition(" ")
        instruction = Instruction(word.upper(), text)
        if instruction.word == "FROM":
            origin, _, name = instruction.text.partition(" AS ")
            current = stages[name] = Stage(name, origin)
        else:
            current.instructions.append(instruction)
    return Dockerfile(stages)
