"""docker-compose.yml held to what it says, and run without a container engine.

Each service runs in namespaces of its own, made by bwrap: the image's part is played by the distribution's
programs, and everything else is as the file says: command, environment, account, mounts, secrets, networks,
read-only root, no capability, signals. What cannot be shown so stands in decision 13.
"""
