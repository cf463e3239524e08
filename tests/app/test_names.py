"""Names are schema: topics, tables, agents and transactional ids may not change by accident."""

from __future__ import annotations

from app.main import create_app


def test_topics_keep_their_names_partitions_and_policies() -> None:
    """A renamed topic loses what it holds."""
    app = create_app()

    expected = {
        "alert-budget": (1, "delete"),
        "alerts": (4, "delete"),
        "alignment": (1, "delete"),
        "alerts-undelivered": (1, "delete"),
        "candidates": (1, "delete"),
        "case-events": (1, "delete"),
        "control": (1, "delete"),
        "decisions": (4, "delete"),
        "labels": (4, "delete"),
        "prahari-budget-changelog": (1, "compact"),
        "prahari-payees-changelog": (4, "compact"),
        "prahari-payers-changelog": (4, "compact"),
        "rejected": (4, "delete"),
        "transactions": (4, "delete"),
        "transactions-by-payee": (4, "delete"),
    }
    assert expected == {spec.name: (spec.partitions, spec.config["cleanup.policy"]) for spec in app.topic_specs()}


def test_agents_and_tables_keep_their_names() -> None:
    """Table names are changelog names, directories and transactional ids; agent names stand in logs and metrics."""
    app = create_app()

    assert sorted(app.agents) == ["budget", "control", "labels", "payee", "payer"]
    assert sorted(app.tables) == ["budget", "payees", "payers"]
    assert app.conf.id == "prahari"


def test_every_table_follows_the_partitions_of_its_input() -> None:
    """Faust's names for the changelogs are ours."""
    app = create_app()

    got = {name: (table.changelog_topic_name, table.source_topic) for name, table in app.tables.items()}
    expected = {
        "payers": ("prahari-payers-changelog", "transactions"),
        "payees": ("prahari-payees-changelog", "transactions-by-payee"),
        "budget": ("prahari-budget-changelog", "candidates"),
    }
    assert expected == got
