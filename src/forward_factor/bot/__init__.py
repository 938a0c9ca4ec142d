"""The Telegram bot: commands in, answers out; and messages on their way to chats."""
