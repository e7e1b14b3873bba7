"""What people and apps can ask for. Each call is one short transaction; nothing here talks to Agora or Slack."""
