"""The old bot's schema as its own migrations left it in a SQLite file, written out here by hand.

Nothing of the product's own catalogue is used, so a fault there cannot hide itself.
"""

REVISION = "a1b2c3d4e5f6"

STATEMENTS = (
    """CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)""",
    """CREATE TABLE users (
	id VARCHAR NOT NULL,
	telegram_chat_id VARCHAR,
	email VARCHAR,
	password_hash VARCHAR,
	telegram_username VARCHAR,
	created_at DATETIME,
	status VARCHAR,
	PRIMARY KEY (id)
)""",
    """CREATE TABLE user_settings (
	user_id VARCHAR NOT NULL,
	ff_threshold FLOAT,
	dte_pairs JSON,
	vol_point VARCHAR,
	min_open_interest INTEGER,
	min_volume INTEGER,
	max_bid_ask_pct FLOAT,
	sigma_fwd_floor FLOAT,
	stability_scans INTEGER,
	cooldown_minutes INTEGER,
	quiet_hours JSON,
	preferred_structure VARCHAR,
	timezone VARCHAR,
	scan_priority VARCHAR,
	discovery_mode BOOLEAN DEFAULT '0',
	PRIMARY KEY (user_id),
	FOREIGN KEY(user_id) REFERENCES users (id)
)""",
    """CREATE TABLE subscriptions (
	user_id VARCHAR NOT NULL,
	ticker VARCHAR NOT NULL,
	active BOOLEAN,
	added_at DATETIME,
	PRIMARY KEY (user_id, ticker),
	FOREIGN KEY(user_id) REFERENCES users (id)
)""",
    """CREATE TABLE master_tickers (
	ticker VARCHAR NOT NULL,
	active_subscriber_count INTEGER,
	last_scan_at DATETIME,
	scan_tier VARCHAR,
	PRIMARY KEY (ticker)
)""",
    """CREATE TABLE option_chain_snapshots (
	id VARCHAR NOT NULL,
	ticker VARCHAR NOT NULL,
	as_of_ts DATETIME NOT NULL,
	provider VARCHAR,
	underlying_price FLOAT,
	raw_payload JSON,
	quality_score FLOAT,
	PRIMARY KEY (id)
)""",
    """CREATE TABLE signals (
	id VARCHAR NOT NULL,
	ticker VARCHAR NOT NULL,
	as_of_ts DATETIME NOT NULL,
	front_expiry DATE,
	back_expiry DATE,
	front_dte INTEGER,
	back_dte INTEGER,
	front_iv FLOAT,
	back_iv FLOAT,
	sigma_fwd FLOAT,
	ff_value FLOAT,
	vol_point VARCHAR,
	quality_score FLOAT,
	reason_codes JSON,
	dedupe_key VARCHAR,
	underlying_price FLOAT,
	provider VARCHAR,
	is_discovery BOOLEAN DEFAULT '0',
	PRIMARY KEY (id)
)""",
    """CREATE TABLE signal_user_decisions (
	id VARCHAR NOT NULL,
	signal_id VARCHAR,
	user_id VARCHAR,
	decision VARCHAR,
	decision_ts DATETIME,
	decision_metadata JSON,
	entry_price FLOAT,
	exit_price FLOAT,
	pnl FLOAT,
	notes VARCHAR,
	PRIMARY KEY (id),
	FOREIGN KEY(signal_id) REFERENCES signals (id),
	FOREIGN KEY(user_id) REFERENCES users (id)
)""",
    "CREATE UNIQUE INDEX ix_users_telegram_chat_id ON users (telegram_chat_id)",
    "CREATE UNIQUE INDEX ix_users_email ON users (email)",
    "CREATE INDEX ix_option_chain_snapshots_ticker ON option_chain_snapshots (ticker)",
    "CREATE INDEX ix_option_chain_snapshots_as_of_ts ON option_chain_snapshots (as_of_ts)",
    "CREATE INDEX ix_signals_ticker ON signals (ticker)",
    "CREATE INDEX ix_signals_as_of_ts ON signals (as_of_ts)",
    "CREATE INDEX ix_signals_ff_value ON signals (ff_value)",
    "CREATE UNIQUE INDEX ix_signals_dedupe_key ON signals (dedupe_key)",
    f"INSERT INTO alembic_version VALUES ('{REVISION}')",
)

TABLES = (
    "users",
    "user_settings",
    "subscriptions",
    "master_tickers",
    "option_chain_snapshots",
    "signals",
    "signal_user_decisions",
)
