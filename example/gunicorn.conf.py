workers = 2
# Leaves no socket in the home folder (an option of gunicorn 25.1; older ones pass over it).
control_socket_disable = True
